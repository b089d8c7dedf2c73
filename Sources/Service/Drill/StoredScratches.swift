import Foundation
import GRDB
import Supervision

/// The scratch databases that checks have made, until they are known to be gone: a check that was killed leaves its own behind.
struct StoredScratches: Sendable {
    struct Scratch: Sendable, Hashable {
        var url: String
        /// The name of its server.
        var server: String
        /// The backup that was rehearsed in it.
        var backup: String
        /// When it was made.
        var since: Date
        /// Why it could not be removed; nil where that was not tried.
        var reason: String?

        /// Its name on the server.
        var name: String { (url as NSString).lastPathComponent }

        /// Whether it could not be removed from the server of an address.
        func isLeft(on place: String) -> Bool { reason != nil && url.hasPrefix("\(place)/") }
    }

    private let state: StateDatabase

    init(_ state: StateDatabase) { self.state = state }

    /// Makes the table; to be given to the state database when it is opened.
    static func migrate(_ migrator: inout DatabaseMigrator) {
        migrator.registerMigration("drill-scratch-1") { database in
            try database.create(table: "drill_scratch") { table in
                table.primaryKey("url", .text)
                table.column("server", .text).notNull()
                table.column("backup", .text).notNull()
                table.column("since", .double).notNull()
                table.column("reason", .text)
            }
        }
    }

    /// Notes one, or how it is now.
    func store(_ scratch: Scratch) async throws {
        try await state.writing { database in
            try database.execute(
                sql: "INSERT OR REPLACE INTO drill_scratch (url, server, backup, since, reason) VALUES (?, ?, ?, ?, ?)",
                arguments: [
                    scratch.url, scratch.server, scratch.backup, scratch.since.timeIntervalSince1970, scratch.reason,
                ])
        }
    }

    /// Forgets one that is gone.
    func forget(_ url: String) async throws {
        try await state.writing { database in
            try database.execute(sql: "DELETE FROM drill_scratch WHERE url = ?", arguments: [url])
        }
    }

    /// All, the oldest first.
    func all() async throws -> [Scratch] {
        try await state.reading { database in
            try Row.fetchAll(database, sql: "SELECT * FROM drill_scratch ORDER BY since, url").map { row in
                Scratch(
                    url: row["url"], server: row["server"], backup: row["backup"],
                    since: Date(timeIntervalSince1970: row["since"]), reason: row["reason"])
            }
        }
    }
}
