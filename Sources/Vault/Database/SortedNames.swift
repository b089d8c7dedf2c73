import Foundation
import GRDB

/// The names of all documents that are not deleted, sorted once by SQLite on disk, to be read page by page.
///
/// The file has no index of names, which would be as large as the names: a long listing sorts them once instead.
final class SortedNames: Sendable {
    private let queue: DatabaseQueue

    /// Sorts. Blocks.
    init(of file: VaultFile, at horizon: Horizon, from start: Data?, descending: Bool) throws {
        queue = try file.openAlone { queue in
            try queue.writeWithoutTransaction { database in
                // A temporary table has a file of its own, so the database itself is only read.
                try database.execute(
                    sql: """
                        CREATE TEMP TABLE listing AS SELECT DISTINCT name FROM leaf \
                        WHERE deleted = 0 AND added >= \(horizon.first) AND added <= \(horizon.moment ?? .max) \
                        AND (superseded IS NULL OR superseded > \(horizon.moment ?? .max)) \
                        \(start.map { "AND name \(descending ? "<=" : ">=") x'\($0.map { String(format: "%02x", $0) }.joined())'" } ?? "") \
                        ORDER BY name \(descending ? "DESC" : "ASC")
                        """)
            }
        }
    }

    /// The next names behind a place, which is how many were read before.
    func page(behind place: Int, limit: Int) async throws -> [Data] {
        try await queue.writeWithoutTransaction { database in
            try Data.fetchAll(
                database, sql: "SELECT name FROM listing WHERE rowid > ? ORDER BY rowid LIMIT ?",
                arguments: [place, limit])
        }
    }

    /// Removes the table. Blocks.
    func close() throws { try queue.close() }
}
