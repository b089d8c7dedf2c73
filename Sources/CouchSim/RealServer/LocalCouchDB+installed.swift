import Foundation

extension LocalCouchDB {
    /// Where a CouchDB is looked for: `COUCHDB_BIN` alone where it is set, so that a slip in it is told and no other
    /// server is taken; else where Apache's packages put it.
    package struct Place: Sendable, Equatable {
        /// The path of the `couchdb` start script; nil where none is there.
        package var executable: String?
        /// What to tell people where none is there.
        package var advice: String

        package init(environment: [String: String]) {
            let named = environment["COUCHDB_BIN"].flatMap { $0.isEmpty ? nil : $0 }
            let path = named ?? "/opt/couchdb/bin/couchdb"
            executable = FileManager.default.isExecutableFile(atPath: path) && !Self.isFolder(path) ? path : nil
            advice =
                named.map {
                    "COUCHDB_BIN names \($0), which is no program that may be run: set it to the path of a `couchdb` start "
                        + "script, or unset it to use /opt/couchdb"
                } ?? """
                    no CouchDB at /opt/couchdb: install Apache's package `couchdb` (https://docs.couchdb.org, \
                    Installation), or set COUCHDB_BIN to the path of a `couchdb` start script
                    """
        }

        private static func isFolder(_ path: String) -> Bool {
            var isFolder: ObjCBool = false
            return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && isFolder.boolValue
        }
    }

    /// Where it is on this machine.
    package static let place = Place(environment: ProcessInfo.processInfo.environment)

    /// The path of the `couchdb` start script; nil where none is there.
    package static var executable: String? { place.executable }

    /// Whether a real CouchDB can be started here, for `.enabled(if:)`.
    package static var isInstalled: Bool { executable != nil }

    /// What to tell people whose machine has no CouchDB, for the comment of `.enabled(if:)`.
    package static var howToInstall: String { place.advice }
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
