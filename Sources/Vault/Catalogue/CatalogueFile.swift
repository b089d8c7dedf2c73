import Foundation
import GRDB

/// The catalogue of a vault: which backups there are, and the newest moment of each as a witness.
final class CatalogueFile: Sendable {
    let path: String
    let uuid: String
    private let queue: DatabaseQueue

    static let fileName = "catalogue.sqlite"
    static let ledger = Ledger(
        table: "entry", columns: ["id", "name", "created", "folder", "moment", "witness"])

    static let statements = [
        """
        CREATE TABLE entry (id TEXT PRIMARY KEY, name BLOB NOT NULL UNIQUE, created INTEGER NOT NULL, \
        folder TEXT NOT NULL, moment INTEGER NOT NULL, witness INTEGER NOT NULL, hash INTEGER NOT NULL) STRICT
        """,
        "CREATE TABLE tally (id TEXT PRIMARY KEY, rows INTEGER NOT NULL, sum INTEGER NOT NULL) STRICT",
        "CREATE TABLE vault (uuid TEXT NOT NULL, created INTEGER NOT NULL, hash INTEGER NOT NULL) STRICT",
    ]

    /// Opens the catalogue of a folder, or makes one. Blocks.
    init(folder: String, create: Bool, now: Date) throws {
        path = "\(folder)/\(Self.fileName)"
        try Self.expectReadable(folder)
        if !FileManager.default.fileExists(atPath: path) {
            do {
                guard !Self.hasBackups(folder) else {
                    throw VaultError(
                        .damaged, "the vault has backups, and its catalogue is missing", at: path, next: Self.mending)
                }
                try Self.expectEmpty(folder, create: create)
                do { try Self.make(path, folder: folder, now: now) } catch {
                    throw VaultError.wrapping(error, at: folder)
                }
            } catch {
                // Another one may have made it since.
                guard FileManager.default.fileExists(atPath: path) else { throw error }
            }
        }
        do {
            var configuration = Configuration()
            configuration.busyMode = .timeout(10)
            configuration.readonly = access(folder, W_OK) != 0
            configuration.prepareDatabase { try $0.execute(sql: "PRAGMA synchronous = FULL") }
            let queue = try DatabaseQueue(path: path, configuration: configuration)
            let path = path
            uuid = try queue.read { database in
                try VaultFile.checkFormat(database, id: VaultFormat.catalogueID, path: path)
                guard let row = try Row.fetchOne(database, sql: "SELECT uuid, created, hash FROM vault"),
                    RowHash.of(table: "vault", [row[0] as DatabaseValue, row[1] as DatabaseValue])
                        == (try row.checked(2))
                else { throw VaultError(.damaged, "the vault's identity was changed", at: path) }
                return try row.checked(0)
            }
            self.queue = queue
        } catch {
            throw Self.wrapping(error, at: path, folder: folder)
        }
    }

    /// What to do where the catalogue is damaged and the backups may not be.
    static let mending =
        "run couchkeep vault rebuild, which makes it anew from the backups, or put the vault's folder back from a copy"

    /// Names an error; a file that is none of SQLite's is a damaged one where there are backups beside.
    private static func wrapping(_ error: any Error, at path: String, folder: String) -> any Error {
        let error = VaultError.wrapping(error, at: path)
        guard let error = error as? VaultError,
            error.code == .damaged || (error.code == .notAVault && hasBackups(folder))
        else { return error }
        return VaultError(.damaged, error.what, at: error.place, next: mending)
    }

    /// Tells a folder that can't be read from one that is not there.
    private static func expectReadable(_ folder: String) throws {
        guard access(folder, R_OK | X_OK) != 0, errno == EACCES else { return }
        let failure = POSIXFailure("read \(folder)")
        var isFolder: ObjCBool = false
        // Below a folder that can't be looked into, nothing is seen.
        let isSeen = FileManager.default.fileExists(atPath: folder, isDirectory: &isFolder)
        if !isSeen || isFolder.boolValue { throw VaultError.wrapping(failure, at: folder) }
    }

    func entries() async throws -> [Vault.Entry] { try await entries("ORDER BY name", []) }

    /// The entry of a name, by its bytes.
    func entry(named name: String) async throws -> Vault.Entry? {
        try await entries("WHERE name = ?", [Data(name.utf8)]).first
    }

    /// Makes sure that there is no entry of a name, past the index that finds one: a damaged catalogue must not lead to a
    /// second backup of it. Of very many entries the hashes of the newest are checked.
    ///
    /// - Throws: `VaultError` with code `vault-damaged`.
    func expectNone(named name: String) async throws {
        _ = try await entries("ORDER BY rowid DESC LIMIT 1000", [])
        let path = path
        try await read { database in
            let isThere = try Bool.fetchOne(
                database, sql: "SELECT EXISTS (SELECT 1 FROM entry NOT INDEXED WHERE name = ?)",
                arguments: [Data(name.utf8)])
            guard isThere != true else {
                throw VaultError(.damaged, "an index of the catalogue was changed", at: path, next: Self.mending)
            }
        }
    }

    /// The entry that was added last but so many; nil where there are not as many.
    func entry(madeBefore others: Int) async throws -> Vault.Entry? {
        try await entries("ORDER BY rowid DESC LIMIT 1 OFFSET ?", [others]).first
    }

    private func entries(_ which: String, _ arguments: StatementArguments) async throws -> [Vault.Entry] {
        try await read { database in
            let rows = try Row.fetchAll(
                database, sql: "SELECT id, name, created, folder, moment, witness, hash FROM entry \(which)",
                arguments: arguments)
            return try rows.map { row in
                guard Self.ledger.isSound(row) else {
                    throw DatabaseError(resultCode: .SQLITE_CORRUPT, message: "an entry was changed")
                }
                return Vault.Entry(
                    name: String(decoding: try row.checked(1) as Data, as: UTF8.self), uuid: try row.checked(0),
                    created: Date(milliseconds: try row.checked(2)), folder: try row.checked(3),
                    newestMoment: try row.checked(4), witness: try row.checked(5))
            }
        }
    }

    /// Adds an entry, and returns the one that counts: another process may have added one of the same name.
    ///
    /// - Parameter lost: an entry that goes for it.
    func add(_ entry: Vault.Entry, inPlaceOf lost: Vault.Entry? = nil) async throws -> Vault.Entry {
        try await write { database in
            if let lost { try Self.remove(lost, database) }
            let isTaken =
                try Bool.fetchOne(
                    database, sql: "SELECT EXISTS (SELECT 1 FROM entry WHERE name = ?)",
                    arguments: [Data(entry.name.utf8)]) ?? false
            guard !isTaken else { return }
            try Self.insert(entry, database)
        }
        return try await self.entry(named: entry.name) ?? entry
    }

    /// Removes an entry, but nothing of the backup that it names.
    func remove(_ entry: Vault.Entry) async throws { try await write { try Self.remove(entry, $0) } }

    /// One that another process has changed or replaced meanwhile stays.
    private static func remove(_ entry: Vault.Entry, _ database: Database) throws {
        try ledger.delete(where: "id = ? AND folder = ?", [entry.uuid, entry.folder], database)
    }

    /// Remembers the newest moment of a backup.
    ///
    /// - Parameter moment: nil where it has none.
    func note(_ moment: Moment?, of uuid: String) async throws {
        try await write { database in
            try Self.ledger.update(uuid, set: "moment", to: moment?.number ?? 0, database)
            try Self.ledger.update(uuid, set: "witness", to: moment?.rowHash ?? 0, database)
        }
    }

    /// What is wrong with the catalogue.
    func problems() async throws -> [String] {
        do {
            return try await queue.read { database in
                let integrity = try String.fetchAll(database, sql: "PRAGMA integrity_check").filter { $0 != "ok" }
                let schema = try String.fetchAll(
                    database, sql: "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL")
                let differences = Set(schema).symmetricDifference(Self.statements).map { "the schema differs: \($0)" }
                return integrity + differences + (try Self.ledger.problems(database))
            }
        } catch {
            try VaultError.passOn(error, at: path)
            return ["\(VaultError.wrapping(error, at: path))"]
        }
    }

    private func read<Value: Sendable>(_ body: @escaping @Sendable (Database) throws -> Value) async throws -> Value {
        do { return try await queue.read(body) } catch { throw wrapping(error) }
    }

    private func write(_ body: @escaping @Sendable (Database) throws -> Void) async throws {
        do { try await queue.write(body) } catch { throw wrapping(error) }
    }

    private func wrapping(_ error: any Error) -> any Error {
        Self.wrapping(error, at: path, folder: (path as NSString).deletingLastPathComponent)
    }

    private static func expectEmpty(_ folder: String, create: Bool) throws {
        let manager = FileManager.default
        guard create else {
            throw VaultError(
                .notAVault, "there is no vault in this folder", at: folder,
                next: "name the folder of one (--vault, or vault.path of the configuration); couchkeep backup makes it")
        }
        var isFolder: ObjCBool = false
        guard manager.fileExists(atPath: folder, isDirectory: &isFolder) else { return }
        guard isFolder.boolValue else { throw VaultError(.notAVault, "it is a file", at: folder) }
        do {
            let found = try manager.contentsOfDirectory(atPath: folder).filter { !$0.hasPrefix("\(fileName).") }
            guard found.isEmpty else {
                throw VaultError(.notAVault, "the folder has other things in it, such as “\(found[0])”", at: folder)
            }
        } catch let error as VaultError {
            throw error
        } catch {
            throw VaultError.wrapping(error, at: folder)
        }
    }

    private static func make(_ path: String, folder: String, now: Date) throws {
        try FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        if access(folder, W_OK) != 0 { throw POSIXFailure("write \(folder)") }
        let draft = try draft(of: path, uuid: UUID().uuidString.lowercased(), created: now, [])
        defer { unlink(draft) }
        // Two processes may make it at the same time: the first one wins.
        guard link(draft, path) == 0 || errno == EEXIST else { throw POSIXFailure("link \(draft)") }
        try ObjectFolder.syncFolder(folder)
    }

    /// Writes a whole catalogue into a file beside, and returns its path. Blocks.
    static func draft(of path: String, uuid: String, created: Date, _ entries: [Vault.Entry]) throws -> String {
        let draft = "\(path).new-\(UUID().uuidString)"
        var configuration = Configuration()
        configuration.prepareDatabase { try $0.execute(sql: "PRAGMA synchronous = FULL") }
        do {
            let queue = try DatabaseQueue(path: draft, configuration: configuration)
            guard chmod(draft, 0o600) == 0 else { throw POSIXFailure("chmod \(draft)") }
            try queue.write { database in
                for statement in statements { try database.execute(sql: statement) }
                try database.execute(sql: "PRAGMA application_id = \(VaultFormat.catalogueID)")
                try database.execute(sql: "PRAGMA user_version = \(VaultFormat.version)")
                let values: [(any DatabaseValueConvertible)?] = [uuid, created.milliseconds]
                try database.execute(
                    sql: "INSERT INTO vault (uuid, created, hash) VALUES (?, ?, ?)",
                    arguments: StatementArguments(values + [RowHash.of(table: "vault", values)]))
                // In the order in which they were made, as where they came one by one.
                for entry in entries.sorted(by: { $0.created < $1.created }) { try insert(entry, database) }
            }
            try queue.close()
        } catch {
            unlink(draft)
            throw error
        }
        return draft
    }

    private static func insert(_ entry: Vault.Entry, _ database: Database) throws {
        try ledger.insert(
            [
                entry.uuid, Data(entry.name.utf8), entry.created.milliseconds, entry.folder, entry.newestMoment,
                entry.witness,
            ], database)
    }
}
