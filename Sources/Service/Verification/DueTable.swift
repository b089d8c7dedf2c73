import Foundation
import GRDB

/// A table of the state database that says since when something is due, by the pairs' keys.
struct DueTable: Sendable {
    let name: String

    static let verifications = DueTable(name: "verification_due")
    static let drills = DueTable(name: "drill_due")

    /// Notes since when; of a pair that was noted before the earlier time stays.
    func note(_ key: String, since moment: Date, _ database: Database) throws {
        try database.execute(
            sql: """
                INSERT INTO \(name) (key, since) VALUES (?, ?) \
                ON CONFLICT (key) DO UPDATE SET since = min(since, excluded.since)
                """,
            arguments: [key, moment.timeIntervalSince1970])
    }

    /// Forgets a pair.
    func forget(_ key: String, _ database: Database) throws {
        try database.execute(sql: "DELETE FROM \(name) WHERE key = ?", arguments: [key])
    }

    /// What was noted.
    func all(_ database: Database) throws -> [String: Date] {
        try Row.fetchAll(database, sql: "SELECT key, since FROM \(name)").reduce(into: [:]) { result, row in
            result[row["key"]] = Date(timeIntervalSince1970: row["since"])
        }
    }
}
