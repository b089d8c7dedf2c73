import CouchDB
import Foundation
import GRDB

extension StateDatabase {
    /// Reads what is remembered of all pairs.
    package func pairMemories() async throws -> [String: PairMemory] { try await memories("pair_memory") }

    /// Reads what is remembered of all servers.
    package func serverMemories() async throws -> [String: ServerMemory] { try await memories("server_memory") }

    private func memories<Memory: Decodable>(_ table: String) async throws -> [String: Memory] {
        try await reading { database -> [String: Data] in
            var memories: [String: Data] = [:]
            let rows = try Row.fetchCursor(database, sql: "SELECT key, memory FROM \(table)")
            while let row = try rows.next() { memories[row["key"]] = row["memory"] as Data }
            return memories
        } decoding: { memories in
            let decoder = JSONDecoder()
            return try memories.mapValues { try decoder.decode(Memory.self, from: $0) }
        }
    }

    /// Writes what a pass leaves, in one transaction.
    package func store(
        pairs: [String: PairMemory], servers: [String: ServerMemory], report: Report
    ) async throws {
        let encoded = try JSONEncoder.report.encode(report)
        try await writing { database in
            for (key, memory) in pairs { try Self.put(memory, key, into: "pair_memory", database) }
            for (key, memory) in servers { try Self.put(memory, key, into: "server_memory", database) }
            try database.execute(sql: "INSERT OR REPLACE INTO report (id, report) VALUES (1, ?)", arguments: [encoded])
        }
    }

    /// Writes a report in place of the last one, such as one that says how the messages went.
    package func store(_ report: Report) async throws {
        let encoded = try JSONEncoder.report.encode(report)
        try await writing { database in
            try database.execute(sql: "INSERT OR REPLACE INTO report (id, report) VALUES (1, ?)", arguments: [encoded])
        }
    }

    /// Writes the memory of one pair before a step that must not be forgotten.
    package func store(_ memory: PairMemory, for key: String) async throws {
        try await writing { try Self.put(memory, key, into: "pair_memory", $0) }
    }

    private static func put(_ memory: some Encodable, _ key: String, into table: String, _ database: Database) throws {
        try database.execute(
            sql: "INSERT OR REPLACE INTO \(table) (key, memory) VALUES (?, ?)",
            arguments: [key, try JSONEncoder().encode(memory)])
    }

    /// Reads the report of the last pass; nil where there was none.
    package func lastReport() async throws -> Report? {
        try await reading { database -> Data? in
            try Data.fetchOne(database, sql: "SELECT report FROM report WHERE id = 1")
        } decoding: { report in
            try report.map { try JSONDecoder.report.decode(Report.self, from: $0) }
        }
    }

    /// Notes a repair, with the evidence that it is about to change.
    package func note(_ record: RepairRecord, pair: String, evidence: JSONValue? = nil) async throws {
        try await writing { database in
            try database.execute(
                sql:
                    "INSERT INTO repair (pair, at, action, result, detail, rule, evidence) VALUES (?, ?, ?, ?, ?, ?, ?)",
                arguments: [
                    pair, record.at.timeIntervalSince1970, record.action, record.result.rawValue, record.detail,
                    record.rule,
                    evidence?.serialized(),
                ])
            // A year of repairs is enough for anybody.
            try database.execute(
                sql: "DELETE FROM repair WHERE at < ?", arguments: [record.at.timeIntervalSince1970 - 366 * 86400])
        }
    }

    /// Reads, with errors of SQLite named.
    package func reading<Value: Sendable>(_ body: @escaping @Sendable (Database) throws -> Value) async throws -> Value
    {
        do {
            return try await writer.read(body)
        } catch {
            throw StateError.wrapping(error, path: path)
        }
    }

    /// Reads as the other one, and decodes behind it: what takes long must not keep others from writing.
    package func reading<Rows: Sendable, Value>(
        _ rows: @escaping @Sendable (Database) throws -> Rows, decoding decode: (Rows) throws -> Value
    ) async throws -> Value {
        let rows = try await reading(rows)
        do {
            return try decode(rows)
        } catch {
            throw StateError.wrapping(error, path: path)
        }
    }

    /// Writes in one transaction, with errors of SQLite named.
    package func writing<Value: Sendable>(_ body: @escaping @Sendable (Database) throws -> Value) async throws -> Value
    {
        do {
            return try await writer.write(body)
        } catch {
            throw StateError.wrapping(error, path: path)
        }
    }
}

extension JSONEncoder {
    /// Writes reports: sorted keys, times in RFC 3339.
    package static var report: JSONEncoder {
        let encoder = JSONEncoder()
        encoder.dateEncodingStrategy = .iso8601
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes, .prettyPrinted]
        return encoder
    }
}

extension JSONDecoder {
    /// Reads reports.
    package static var report: JSONDecoder {
        let decoder = JSONDecoder()
        decoder.dateDecodingStrategy = .iso8601
        return decoder
    }
}
