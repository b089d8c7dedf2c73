import Foundation
import GRDB

/// The open file of one database, with the folder of its large attachments.
final class VaultFile: Sendable {
    let folder: String
    let path: String
    let objects: ObjectFolder
    let reader: any DatabaseReader
    /// nil where the file was opened for reading.
    let writer: DatabasePool?
    let onStep: (@Sendable (VaultStep) -> Void)?
    let encryption: BackupEncryption
    private let lock: WriterLock?
    /// nil where SQLite's own locks keep readers from what is just written.
    let still: StillFile?

    static let fileName = "database.sqlite"

    /// Opens the file. Blocks.
    ///
    /// - Throws: `VaultError`.
    init(
        folder: String, isWriting: Bool, key: KeySource? = nil, onStep: (@Sendable (VaultStep) -> Void)? = nil
    ) throws {
        self.folder = folder
        self.onStep = onStep
        path = "\(folder)/\(Self.fileName)"
        objects = ObjectFolder(path: "\(folder)/objects")
        guard FileManager.default.fileExists(atPath: path) else {
            throw VaultError.missing(path)
        }
        if isWriting, access(folder, W_OK) != 0 { throw VaultError.wrapping(POSIXFailure("write"), at: folder) }
        lock = isWriting ? try WriterLock(folder: folder) : nil
        do {
            // For reading first: opening for writing would change a file that is to be refused.
            let first = try Self.reading(path, folder: folder) { [path] database in
                try Self.checkFormat(database, id: VaultFormat.databaseID, path: path)
                return try Self.encryption(database, key, isWriting: isWriting, path: path)
            }
            encryption = first.value
            if isWriting {
                try first.reader.close()
                try objects.removeDrafts()
                let pool = try DatabasePool(path: path, configuration: Self.configuration())
                // A pool asks for less, and then a power cut takes transactions back that were acknowledged.
                try pool.writeWithoutTransaction { try $0.execute(sql: "PRAGMA synchronous = FULL") }
                (writer, reader, still) = (pool, pool, nil)
            } else {
                (writer, reader, still) = (nil, first.reader, first.still)
            }
        } catch {
            throw VaultError.wrapping(error, at: path)
        }
    }

    private static func encryption(
        _ database: Database, _ source: KeySource?, isWriting: Bool, path: String
    ) throws -> BackupEncryption {
        guard let row = try SealingRow(database) else {
            // Else the next step would be a backup that everybody can read, among sealed ones.
            guard try Int.fetchOne(database, sql: "SELECT count(*) FROM data_key") == 0,
                try Ledger.sealing.goneRows(database) == 0
            else {
                throw VaultError(
                    .damaged, "it is encrypted, and the row that tells with which key is gone", at: path,
                    next: "put the vault's folder back from a copy")
            }
            guard isWriting, source != nil else { return .none }
            throw VaultError(
                .refused, "a key was given, and this backup was begun without encryption", at: path,
                next: "go on without the key, or begin another vault with it")
        }
        guard let source else { return .locked(key: row.key) }
        let uuid = try StateRow.uuid(database)
        return .open(Keyring(database: uuid, key: try row.unlock(source, database: uuid, at: path)))
    }

    /// Makes the file of a new database; a kill leaves none or a whole one. Blocks.
    static func create(folder: String, state: StateRow, key: KeySource?, at time: Date) throws {
        let path = "\(folder)/\(fileName)"
        let draft = "\(path).new"
        do {
            try FileManager.default.createDirectory(
                atPath: "\(folder)/objects", withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
            for leftover in [draft, "\(draft)-journal"] { unlink(leftover) }
            var configuration = Configuration()
            configuration.prepareDatabase { database in
                try database.execute(
                    sql: "PRAGMA page_size = 8192; PRAGMA auto_vacuum = INCREMENTAL; PRAGMA synchronous = FULL")
            }
            // Nobody else may read it, from its first byte on.
            let descriptor = open(draft, O_CREAT | O_WRONLY | O_CLOEXEC, 0o600)
            guard descriptor >= 0 else { throw POSIXFailure("open \(draft)") }
            Foundation.close(descriptor)
            let queue = try DatabaseQueue(path: draft, configuration: configuration)
            try queue.write { database in
                try DatabaseSchema.create(database)
                try state.write(database)
                if let key { try SealingRow.make(key, database: state.database).insert(database) }
                let unknown = try JSONEncoder().encode(SourceIdentity(name: ""))
                try Ledger.epoch.insert([1, 1, time.milliseconds, unknown, "the first backup"], database)
            }
            try queue.close()
            guard chmod(draft, 0o600) == 0, rename(draft, path) == 0 else { throw POSIXFailure("rename \(draft)") }
            try ObjectFolder.syncFolder(folder)
        } catch {
            unlink(draft)
            throw VaultError.wrapping(error, at: folder)
        }
    }

    /// Refuses what is no vault or a newer one.
    static func checkFormat(_ database: Database, id: Int, path: String) throws {
        let found = try Int.fetchOne(database, sql: "PRAGMA application_id")
        let version = try Int.fetchOne(database, sql: "PRAGMA user_version") ?? 0
        guard found == id else { throw VaultError(.notAVault, "the file is not one of a vault", at: path) }
        guard version <= VaultFormat.version else {
            throw VaultError(
                .newer, "it has format \(version), and this couchkeep reads up to \(VaultFormat.version)", at: path)
        }
        // There is no older format than the first one; a migration from it begins here.
        guard version == VaultFormat.version else {
            throw VaultError(.damaged, "it has format \(version), which there never was", at: path)
        }
    }

    /// Reads in one transaction.
    func read<Value: Sendable>(_ body: @escaping @Sendable (Database) throws -> Value) async throws -> Value {
        do {
            return try await reader.read { [still] database in try still.reading { try body(database) } }
        } catch {
            throw VaultError.wrapping(error, at: path)
        }
    }

    /// Writes in one transaction, durable when this returns.
    func write<Value: Sendable>(_ body: @escaping @Sendable (Database) throws -> Value) async throws -> Value {
        guard let writer else {
            throw VaultError(.readOnly, "it was opened for reading", at: path, next: "open it for writing")
        }
        do {
            return try await writer.write(body)
        } catch {
            throw VaultError.wrapping(error, at: path)
        }
    }

    /// Ends all connections, of which the last one folds the log into the file, and gives the lock back. Blocks.
    func close() throws {
        do {
            // The connections that only read must end before the one that writes: only that one can fold the log in.
            writer?.invalidateReadOnlyConnections()
            try reader.close()
        } catch {
            throw VaultError.wrapping(error, at: path)
        }
        lock?.release()
    }

    private static func configuration() -> Configuration {
        var configuration = Configuration()
        configuration.busyMode = .timeout(10)
        configuration.maximumReaderCount = 4
        configuration.prepareDatabase { database in
            try database.execute(sql: "PRAGMA cache_size = -16000")
            if !database.configuration.readonly { try database.execute(sql: "PRAGMA wal_autocheckpoint = 4000") }
        }
        return configuration
    }

    /// Opens one more connection for reading, with temporary tables of its own, and reads something with it. Blocks.
    func openAlone(_ read: (DatabaseQueue) throws -> Void) throws -> DatabaseQueue {
        try still.reading {
            let queue =
                try still == nil
                ? DatabaseQueue(path: path, configuration: Self.readingConfiguration()) : Self.immutable(path)
            try read(queue)
            return queue
        }
    }

    /// Opens one more connection for reading. Blocks.
    static func openAlone(_ path: String, folder: String) throws -> DatabaseQueue {
        guard stillFile(path, folder: folder) != nil else {
            return try DatabaseQueue(path: path, configuration: readingConfiguration())
        }
        return try immutable(path)
    }

    /// A file that was opened for reading, and something of it.
    private typealias Opened<Value> = (reader: any DatabaseReader, still: StillFile?, value: Value)

    /// Opens the file for reading, and reads something of it.
    private static func reading<Value>(
        _ path: String, folder: String, _ read: (Database) throws -> Value
    ) throws -> Opened<Value> {
        if let still = stillFile(path, folder: folder) { return try reading(still, path, read) }
        do {
            let pool = try DatabasePool(path: path, configuration: readingConfiguration())
            return (pool, nil, try pool.read(read))
        } catch let error as DatabaseError where [.SQLITE_IOERR, .SQLITE_FULL].contains(error.resultCode) {
            // SQLite keeps a small file beside it for all who read, and a full disk has no room for that.
            guard VaultError.isFull(folder),
                let still = StillFile(path, next: "make room on the disk, and run it again")
            else { throw error }
            return try reading(still, path, read)
        }
    }

    private static func reading<Value>(
        _ still: StillFile, _ path: String, _ read: (Database) throws -> Value
    ) throws -> Opened<Value> {
        try still.reading { () throws -> Opened<Value> in
            let queue = try immutable(path)
            return (queue, still, try queue.read(read))
        }
    }

    private static func readingConfiguration() -> Configuration {
        var configuration = configuration()
        configuration.readonly = true
        return configuration
    }

    /// The file where nothing can be written beside it, as SQLite's locks need, and where it has no log; nil elsewhere.
    private static func stillFile(_ path: String, folder: String) -> StillFile? {
        guard access(folder, W_OK) != 0 else { return nil }
        return StillFile(
            path,
            next: "run it as the user whose vault it is, give this user the right to write to the folder, or read a "
                + "copy of the vault")
    }

    /// Opens the file as one that nobody writes to.
    private static func immutable(_ path: String) throws -> DatabaseQueue {
        let escaped = path.addingPercentEncoding(withAllowedCharacters: .urlPathAllowed) ?? path
        return try DatabaseQueue(path: "file:\(escaped)?immutable=1", configuration: readingConfiguration())
    }
}

extension Date {
    /// Milliseconds since 1970, as the vault stores times.
    var milliseconds: Int64 { Int64((timeIntervalSince1970 * 1000).rounded()) }

    init(milliseconds: Int64) { self.init(timeIntervalSince1970: Double(milliseconds) / 1000) }
}
