import Foundation
import GRDB
import Replication
import Supervision

/// The verifications of all pairs, in the state database.
package struct StoredVerifications: Sendable {
    /// How many verifications of a pair are kept.
    package static let keptOfPair = 100
    /// How many differences of a verification are kept in the database; more are in a file.
    package static let keptDifferences = 1000

    private let state: StateDatabase

    package init(_ state: StateDatabase) { self.state = state }

    /// Makes the tables; to be given to the state database when it is opened.
    package static func migrate(_ migrator: inout DatabaseMigrator) {
        migrator.registerMigration("verification-1") { database in
            try database.create(table: "verification") { table in
                table.autoIncrementedPrimaryKey("id")
                table.column("key", .text).notNull().indexed()
                table.column("state", .text).notNull()
                table.column("level", .text).notNull()
                // Whether other content was found, which only a comparison of the same content can settle.
                table.column("content", .boolean).notNull().defaults(to: false)
                table.column("record", .blob).notNull()
                table.column("differences", .blob).notNull()
                table.column("stop", .boolean).notNull().defaults(to: false)
            }
            // Since when a pair is to be verified: without it, one that never was would never be overdue.
            try database.create(table: "verification_due") { table in
                table.primaryKey("key", .text)
                table.column("since", .double).notNull()
            }
        }
    }

    /// Notes that a verification begins, and gives it its number.
    package func begin(_ record: VerificationRecord) async throws -> VerificationRecord {
        try await state.writing { database in
            var record = record
            try database.execute(
                sql: "INSERT INTO verification (key, state, level, record, differences) VALUES (?, ?, ?, ?, ?)",
                arguments: [record.key, record.state.rawValue, record.level.rawValue, Data(), Data("[]".utf8)])
            record.id = Int(database.lastInsertedRowID)
            try Self.put(record, database)
            return record
        }
    }

    /// Writes a verification as it is now, and its differences where they are given.
    ///
    /// - Returns: the numbers of those that were forgotten in its place.
    @discardableResult
    package func store(_ record: VerificationRecord, differences: [VerificationDifference]? = nil) async throws -> [Int]
    {
        try await state.writing { database in
            try Self.put(record, database)
            if let differences {
                try database.execute(
                    sql: "UPDATE verification SET differences = ? WHERE id = ?",
                    arguments: [
                        try JSONEncoder().encode(Array(differences.prefix(Self.keptDifferences))), record.id,
                    ])
            }
            guard record.state != .running else { return [] }
            // Those that found other content outlive the others: what they say is true until the same is compared again.
            var surplus: [Int] = []
            for content in [false, true] {
                surplus += try Int.fetchAll(
                    database,
                    sql: "SELECT id FROM verification WHERE key = ? AND content = ? ORDER BY id DESC LIMIT -1 OFFSET ?",
                    arguments: [record.key, content, Self.keptOfPair])
            }
            for id in surplus { try database.execute(sql: "DELETE FROM verification WHERE id = ?", arguments: [id]) }
            return surplus
        }
    }

    private static func put(_ record: VerificationRecord, _ database: Database) throws {
        try database.execute(
            sql: "UPDATE verification SET state = ?, content = ?, record = ? WHERE id = ?",
            arguments: [
                record.state.rawValue, record.counts.bodyDiffers + record.counts.attachmentDiffers > 0,
                try JSONEncoder().encode(record), record.id,
            ])
    }

    /// All verifications, the newest first.
    package func all() async throws -> [VerificationRecord] {
        try await records("SELECT id, record FROM verification ORDER BY id DESC")
    }

    /// The verifications that are noted as under way, of one pair or of all.
    package func running(of key: String?) async throws -> [VerificationRecord] {
        try await records(
            "SELECT id, record FROM verification WHERE state = ?1 AND (?2 IS NULL OR key = ?2) ORDER BY id DESC",
            [VerificationRecord.State.running.rawValue, key])
    }

    /// The verifications that a pair's light follows from, by the pair's key, the newest first.
    package func histories() async throws -> [String: [VerificationRecord]] {
        let records = try await records(
            """
            SELECT id, record FROM (
                SELECT id, key, level, content, record,
                    row_number() OVER (PARTITION BY key, level ORDER BY id DESC) AS place FROM verification)
            WHERE place <= 10 OR content
                OR (level = 'bodies' AND key IN (SELECT key FROM verification WHERE content))
            """)
        return Dictionary(grouping: records, by: \.key)
    }

    /// What a pair's next verification can be built on; nil where the last one at level `revisions` or `bodies` has not
    /// found both sides equal.
    func basis(for key: String) async throws -> (basis: VerificationBasis, witness: FeedWitness?)? {
        let last = try await records(
            "SELECT id, record FROM verification WHERE key = ? AND state = ? AND level <> ? ORDER BY id DESC LIMIT 1",
            [key, VerificationRecord.State.ended.rawValue, Verification.Level.counts.rawValue])
        return last.first.flatMap { record in record.basis.map { ($0, record.witness) } }
    }

    /// One verification; nil where there is none of that number.
    package func record(_ id: Int) async throws -> VerificationRecord? {
        try await records("SELECT id, record FROM verification WHERE id = ?", [id]).first
    }

    /// The differences that are kept of a verification.
    package func differences(of id: Int) async throws -> [VerificationDifference] {
        try await state.reading { database in
            try Data.fetchOne(database, sql: "SELECT differences FROM verification WHERE id = ?", arguments: [id])
                .map { try JSONDecoder().decode([VerificationDifference].self, from: $0) } ?? []
        }
    }

    private func records(_ sql: String, _ arguments: StatementArguments = []) async throws -> [VerificationRecord] {
        try await state.reading { database -> [(id: Int, record: Data)] in
            try Row.fetchAll(database, sql: sql, arguments: arguments)
                .map { (id: $0["id"] as Int, record: $0["record"] as Data) }
        } decoding: { rows in
            let decoder = JSONDecoder()
            return try rows.map { row in
                var record = try decoder.decode(VerificationRecord.self, from: row.record)
                record.id = row.id
                return record
            }
        }
    }

    /// Asks the process that is at a verification to stop.
    package func requestStop(_ id: Int) async throws {
        try await state.writing {
            try $0.execute(sql: "UPDATE verification SET stop = 1 WHERE id = ?", arguments: [id])
        }
    }

    /// Takes a request back, when the verification is resumed.
    package func withdrawStop(_ id: Int) async throws {
        try await state.writing {
            try $0.execute(sql: "UPDATE verification SET stop = 0 WHERE id = ?", arguments: [id])
        }
    }

    /// Whether somebody asked for a verification to be stopped.
    package func isStopRequested(_ id: Int) async throws -> Bool {
        try await state.reading {
            try Bool.fetchOne($0, sql: "SELECT stop FROM verification WHERE id = ?", arguments: [id]) ?? false
        }
    }

    /// Notes since when pairs are to be verified: those that are new, or were noted while the clock was ahead, with the moment
    /// given.
    func noteDue(_ keys: [String], at moment: Date) async throws {
        try await state.writing { database in
            for key in keys { try DueTable.verifications.note(key, since: moment, database) }
        }
    }

    /// Since when each pair is to be verified, as far as that was noted.
    package func dueSince() async throws -> [String: Date] {
        try await state.reading { try DueTable.verifications.all($0) }
    }
}
