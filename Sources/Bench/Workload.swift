import CouchDB
import Foundation

/// Documents as a shop would have them, about 0.8 kB each; the same ones for the same number.
struct Workload: Sendable {
    /// How ids follow each other as documents are made.
    enum Order: String, Sendable {
        /// As numbers do that count up, and CouchDB's own `_uuids`.
        case byID = "in the order of their ids"
        /// As UUIDs do that clients make.
        case random = "with random ids"
    }

    let count: Int
    var order = Order.byID

    /// One document.
    func document(_ number: Int) -> JSONValue {
        var random = SplitMix(state: UInt64(number) &* 0x9e37_79b9_7f4a_7c15)
        func pick(_ words: [String]) -> String { words[Int(random.next() % UInt64(words.count))] }
        let lines: [JSONValue] = (0..<(2 + Int(random.next() % 4))).map { _ in
            [
                "article": .string("ART-\(1000 + random.next() % 4000)"), "name": .string(pick(Self.articles)),
                "quantity": .integer(Int64(1 + random.next() % 12)),
                "price": .number(Double(99 + random.next() % 20000) / 100),
            ]
        }
        let text = (0..<28).map { _ in pick(Self.words) }.joined(separator: " ")
        let salt = UInt32(truncatingIfNeeded: random.next())
        let place =
            order == .byID
            ? String(format: "%08d", number) : String(format: "%08x", UInt32(truncatingIfNeeded: random.next()))
        return [
            "_id": .string("order-\(place)-" + String(format: "%08x", salt)),
            "type": "order", "status": .string(pick(["open", "paid", "packed", "shipped", "returned"])),
            "customer": ["number": .integer(Int64(random.next() % 90_000)), "city": .string(pick(Self.cities))],
            "ordered": .string(
                "2026-\(10 + random.next() % 3)-\(10 + random.next() % 19)T\(10 + random.next() % 13):30:00Z"),
            "lines": .array(lines), "note": .string(text),
        ]
    }

    /// Writes all: a tenth is updated, a twentieth deleted, a fiftieth in conflict.
    func write(to database: CouchDatabase) async throws {
        for start in stride(from: 0, to: count, by: 1000) {
            let numbers = Array(start..<min(start + 1000, count))
            let documents = numbers.map(document)
            let rows = try await send(documents, to: database, newEdits: true).array ?? []
            var edits: [JSONValue] = []
            var conflicts: [JSONValue] = []
            for (number, (document, row)) in zip(numbers, zip(documents, rows)) {
                guard case .object(var members) = document, let revision = row["rev"] else { continue }
                members["_rev"] = revision
                if number % 10 == 0 {
                    members["status"] = "archived"
                    edits.append(.object(members))
                } else if number % 20 == 1 {
                    edits.append(["_id": members["_id"] ?? .null, "_rev": revision, "_deleted": true])
                } else if number % 50 == 2 {
                    let hash = String(format: "%032x", number)
                    members["_rev"] = .string("1-\(hash)")
                    members["status"] = "conflict"
                    conflicts.append(.object(members))
                }
            }
            _ = try await send(edits, to: database, newEdits: true)
            _ = try await send(conflicts, to: database, newEdits: false)
        }
    }

    /// Changes one document of a hundred.
    func change(_ database: CouchDatabase) async throws {
        var edits: [JSONValue] = []
        for number in stride(from: 3, to: count, by: 100) {
            guard case .object(var members) = document(number), let id = members["_id"]?.string else { continue }
            members["_rev"] = try await database.document(id)?["_rev"]
            members["status"] = "changed"
            edits.append(.object(members))
        }
        _ = try await send(edits, to: database, newEdits: true)
    }

    private func send(_ documents: [JSONValue], to database: CouchDatabase, newEdits: Bool) async throws -> JSONValue {
        try await database.server.json(
            .post, [database.name, "_bulk_docs"], body: ["docs": .array(documents), "new_edits": .bool(newEdits)])
    }

    private static let cities = ["Zürich", "Wien", "Berlin", "Bern", "Hamburg", "Graz", "Basel", "Köln", "Linz", "Ulm"]
    private static let articles = [
        "Garden chair, oak", "Lamp, brass", "Bookshelf, narrow", "Desk, 160 cm", "Carpet, wool", "Kettle", "Mirror",
    ]
    private static let words = [
        "please", "deliver", "to", "the", "neighbour", "if", "nobody", "is", "at", "home", "before", "noon", "second",
        "floor", "bell", "does", "not", "work", "call", "on", "arrival", "fragile", "gift", "without", "invoice", "and",
        "leave", "parcel", "behind", "garage", "door", "thank", "you", "very", "much", "next", "week", "only",
    ]
}

/// A small random generator with a seed (Steele, Lea, Flood: SplitMix64).
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var word = state
        word = (word ^ (word >> 30)) &* 0xbf58_476d_1ce4_e5b9
        word = (word ^ (word >> 27)) &* 0x94d0_49bb_1331_11eb
        return word ^ (word >> 31)
    }
}
