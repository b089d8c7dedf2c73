import Foundation
import GRDB

/// Couchkeep's memory: an SQLite file in the state folder.
///
/// One pass is written in one transaction, so a kill leaves the memory of the pass before. The file is made with mode
/// 0600. A file of a newer version is refused, and so is a damaged one; neither is changed.
package final class StateDatabase: Sendable {
    /// The connection; other rooms keep their tables here too, so that what belongs together commits together.
    package let writer: DatabaseQueue
    /// Where the file is.
    package let path: String

    /// Opens the memory in a folder, and makes both where they are missing.
    ///
    /// - Parameters:
    ///   - checksIntegrity: whether the whole file is read and checked first.
    ///   - migrations: further tables, by other rooms.
    /// - Throws: `StateError`.
    package init(
        folder: String, checksIntegrity: Bool = true, migrations: (inout DatabaseMigrator) -> Void = { _ in }
    ) throws {
        path = (folder as NSString).appendingPathComponent("state.sqlite")
        do {
            try FileManager.default.createDirectory(
                atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
            if !FileManager.default.fileExists(atPath: path) {
                // Made by hand so that it never has wider rights, not even for a moment.
                let descriptor = open(path, O_CREAT | O_RDWR, 0o600)
                guard descriptor >= 0 else {
                    throw StateError(making: path, number: errno)
                }
                close(descriptor)
            }
        } catch let error as StateError {
            throw error
        } catch {
            throw StateError(making: folder, error)
        }
        var configuration = Configuration()
        configuration.busyMode = .timeout(5)
        configuration.prepareDatabase { database in
            // No write-ahead log: reading one takes a file beside it, which can't be made where the disk is full.
            try database.execute(sql: "PRAGMA journal_mode = DELETE")
            try database.execute(sql: "PRAGMA synchronous = FULL")
        }
        var migrator = Self.migrator
        migrations(&migrator)
        do {
            let queue = try DatabaseQueue(path: path, configuration: configuration)
            writer = queue
            let (isNewer, problems) = try queue.read { database in
                let check = checksIntegrity ? try String.fetchAll(database, sql: "PRAGMA quick_check(1)") : ["ok"]
                return (try migrator.hasBeenSuperseded(database), check)
            }
            guard !isNewer else { throw StateError(.newer, path: path, detail: "it was written by a newer couchkeep") }
            guard problems == ["ok"] else {
                throw StateError(.damaged, path: path, detail: problems.joined(separator: "; "))
            }
            try Self.migrate(queue, with: migrator)
        } catch {
            throw StateError.wrapping(error, path: path)
        }
    }

    /// Makes the tables, beside another process that may be at the same: then what it has made is there, and the rest
    /// is still to be made.
    private static func migrate(_ queue: DatabaseQueue, with migrator: DatabaseMigrator) throws {
        for _ in migrator.migrations.dropLast() {
            do {
                return try migrator.migrate(queue)
            } catch let error as DatabaseError where error.resultCode == .SQLITE_ERROR {
                continue
            }
        }
        try migrator.migrate(queue)
    }

    /// A memory that is gone with the value, for a run that must leave nothing behind.
    package init(inMemory migrations: (inout DatabaseMigrator) -> Void) throws {
        path = "(in memory)"
        var migrator = Self.migrator
        migrations(&migrator)
        writer = try DatabaseQueue()
        try migrator.migrate(writer)
    }

    private static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("supervision-1") { database in
            for name in ["pair", "server"] {
                try database.create(table: "\(name)_memory") { table in
                    table.primaryKey("key", .text)
                    table.column("memory", .blob).notNull()
                }
            }
            try database.create(table: "repair") { table in
                table.autoIncrementedPrimaryKey("id")
                table.column("pair", .text).notNull().indexed()
                table.column("at", .double).notNull()
                table.column("action", .text).notNull()
                table.column("result", .text).notNull()
                table.column("detail", .text).notNull()
                table.column("rule", .text).notNull()
                table.column("evidence", .blob)
            }
            try database.create(table: "report") { table in
                table.primaryKey("id", .integer)
                table.column("report", .blob).notNull()
            }
        }
        return migrator
    }
}
