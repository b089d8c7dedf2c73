import Backup
import CouchDB
import CouchSim
import Foundation
import Replication
import Secrets
import Synchronization
import Testing

@testable import Vault

/// A source database, and a vault in a folder of its own.
final class Scene: Sendable {
    let connection: ServerConnection
    /// The vault's folder.
    let folder: URL
    let name: String
    private let minute = Mutex(0)

    static let start = Date(timeIntervalSince1970: 1_790_000_000)

    var source: CouchDatabase { connection.database(name) }

    /// A database of this server beside the source.
    func beside(_ suffix: String) -> CouchDatabase { connection.database("\(name)-\(suffix)") }

    /// The same server with another source.
    func with(source name: String) -> Scene { Scene(connection, folder: folder.appending(path: name), name: name) }

    /// Runs a body with the backup opened for writing.
    func withBackup<Result>(
        of database: CouchDatabase? = nil, _ body: (VaultDatabase) async throws -> Result
    ) async throws -> Result {
        let vault = try await Vault(at: folder.path(percentEncoded: false), create: true, now: Self.start)
        let backup = try await vault.database(
            (database ?? source).name, isWriting: true, create: true, now: Self.start)
        let result = try await body(backup)
        try await backup.close()
        return result
    }

    /// Backs up; each moment is a minute later than the one before.
    @discardableResult
    func backUp(
        _ database: CouchDatabase? = nil, options: ReplicationOptions = .test,
        onProgress: @escaping @Sendable (ReplicationProgress) -> Void = { _ in }
    ) async throws -> BackupReport {
        let database = database ?? source
        return try await withBackup(of: database) { backup in
            let time = minute.withLock { minute in
                minute += 1
                return Self.start.addingTimeInterval(Double(minute) * 60)
            }
            var run = BackupRun(of: database, into: backup, now: { time })
            run.options = options
            run.onProgress = onProgress
            return try await run.run()
        }
    }

    /// Backs up as a check does, which makes no moment where nothing has changed.
    func check() async throws -> BackupReport {
        try await withBackup { backup in
            var run = BackupRun(of: source, into: backup)
            (run.options, run.sealsUnchanged) = (.test, false)
            return try await run.run()
        }
    }

    /// Writes a document that is backed up without a mark, which too few copies of the source's cluster take.
    func writeUnmarked(_ id: String, on server: SimulatedServer) async throws {
        try await source.write([id: [:]])
        let thin = server.faults.add(Fault(.accepted, method: "PUT", pathContains: "/_local/", database: source.name))
        #expect(try await backUp().markFailure != nil)
        server.faults.remove(thin)
    }

    /// The backup as of a moment.
    func moment(_ moment: Moment, of database: CouchDatabase? = nil) async throws -> VaultDatabase {
        let vault = try await Vault(at: folder.path(percentEncoded: false), create: false, now: Self.start)
        return try await vault.database((database ?? source).name, isWriting: false, now: Self.start).at(moment)
    }

    /// Restores a moment.
    func restore(
        _ moment: Moment, to target: CouchDatabase, _ change: (inout RestoreOptions) -> Void = { _ in }
    ) async throws -> RestoreReport {
        var options = RestoreOptions()
        options.replication = .test
        change(&options)
        return try await RestoreRun(of: self.moment(moment), to: target, options: options).run()
    }

    /// Restores, and is cut off by the server once some documents are there.
    func cutOff(
        _ moment: Moment, to target: CouchDatabase, on server: SimulatedServer,
        _ change: (inout RestoreOptions) -> Void = { _ in }
    ) async {
        server.faults.add(Fault(.hangUp, pathContains: "_bulk_docs", database: target.name, after: 3))
        await #expect(throws: ReplicationFailure.self) { _ = try await restore(moment, to: target, change) }
        server.faults.removeAll()
    }

    /// What the source holds now.
    func picture(of database: CouchDatabase? = nil) async throws -> Set<LeafPicture> {
        try await LeafPicture.all(of: CouchReplica(database ?? source))
    }

    init(_ connection: ServerConnection, folder: URL, name: String = "source") {
        (self.connection, self.folder, self.name) = (connection, folder, name)
    }
}

/// Runs a body with a simulated server that has a database `source`.
///
/// - Parameters:
///   - copies: how many copies of each shard the server says to have; nil for as many as it has nodes.
///   - otherNodes: the nodes of its cluster beside the one that answers.
func withScene(
    _ version: ServerVersion = ServerVersion(3, 5), copies: Int? = nil, otherNodes: [String] = [],
    users: [ServerOptions.User] = [], _ body: @escaping @Sendable (SimulatedServer, Scene) async throws -> Void
) async throws {
    var options = ServerOptions()
    (options.version, options.copies, options.users) = (version, copies, users)
    options.otherNodes = otherNodes
    try await withSimulatedServer(options) { server in
        server.makeDatabases("source")
        try await withScene(at: server.baseURL, user: server.administrator, password: server.password) {
            try await body(server, $0)
        }
    }
}

/// Runs a body with a real CouchDB that has a database `source`.
func withRealScene(
    _ settings: [String: [String: String]] = [:], _ body: @escaping @Sendable (LocalCouchDB, Scene) async throws -> Void
) async throws {
    try await withLocalCouchDB(options: LocalCouchDB.Options(settings: settings)) { server in
        try await withScene(at: server.baseURL, user: server.administrator, password: server.password) { scene in
            try await scene.source.create()
            try await body(server, scene)
        }
    }
}

private func withScene(
    at url: String, user: String, password: Secret, _ body: (Scene) async throws -> Void
) async throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "backup-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }  // a folder that is left over does no harm
    var configuration = ConnectionConfiguration()
    (configuration.maximumRetries, configuration.retryBase) = (1, .milliseconds(1))
    let connection = try ServerConnection(
        url: try ServerURL(url), authentication: .basic(user: user, password: password), configuration: configuration)
    do {
        try await body(Scene(connection, folder: folder))
    } catch {
        try await connection.shutdown()
        throw error
    }
    try await connection.shutdown()
}

extension ReplicationOptions {
    /// Small pages, checkpoints at every occasion, and no pauses worth the name.
    static var test: ReplicationOptions {
        var options = ReplicationOptions()
        (options.pageSize, options.batchSize) = (20, 10)
        options.checkpointInterval = .zero
        (options.firstPause, options.longestPause) = (.milliseconds(1), .milliseconds(2))
        options.attempts = 3
        return options
    }
}

/// What a test without CouchDB says.
let whySkipped = Comment(rawValue: "skipped: \(LocalCouchDB.howToInstall)")
