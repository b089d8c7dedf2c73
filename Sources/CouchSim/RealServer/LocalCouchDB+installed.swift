import Foundation

extension LocalCouchDB {
    /// The path of the `couchdb` start script: `COUCHDB_BIN`, or where Apache's packages put it; nil where none is there.
    package static var executable: String? {
        let candidates = [ProcessInfo.processInfo.environment["COUCHDB_BIN"], "/opt/couchdb/bin/couchdb"]
        return candidates.compactMap(\.self).first { FileManager.default.isExecutableFile(atPath: $0) }
    }

    /// Whether a real CouchDB can be started here, for `.enabled(if:)`.
    package static var isInstalled: Bool { executable != nil }

    /// What to tell people whose machine has no CouchDB, for the comment of `.enabled(if:)`.
    package static let howToInstall = """
        no CouchDB at /opt/couchdb: install Apache's package `couchdb` (https://docs.couchdb.org, Installation), or set \
        COUCHDB_BIN to the path of a `couchdb` start script
        """
}

/// Starts a private CouchDB server, runs `body`, and ends the server and removes its files, also when `body` throws or
/// the task is cancelled.
package func withLocalCouchDB<Result: Sendable>(
    options: LocalCouchDB.Options = LocalCouchDB.Options(),
    _ body: @Sendable (LocalCouchDB) async throws -> Result
) async throws -> Result {
    guard let executable = LocalCouchDB.executable else { throw LocalCouchDB.Failure(LocalCouchDB.howToInstall) }
    let server = try await LocalCouchDB(options: options, executable: executable)
    let outcome: Swift.Result<Result, any Error>
    do {
        let value = try await withThrowingTaskGroup { group in
            group.addTask { try await server.run() }
            defer { group.cancelAll() }
            try await server.start()
            return try await body(server)
        }
        outcome = .success(value)
    } catch {
        outcome = .failure(error)
    }
    try await server.removeFiles()
    return try outcome.get()
}
