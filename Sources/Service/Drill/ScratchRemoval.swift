import Backup
import CouchDB
import Foundation
import Secrets
import Supervision

/// Removes the scratch databases that drills of checks have left behind.
struct ScratchRemoval: Sendable {
    let loaded: LoadedConfiguration
    let state: StateDatabase
    let environment: [String: String]?

    /// Removes them; nobody else may be at one meanwhile. One is gone where the server that it was made on says so.
    ///
    /// - Parameter options: says which of those that no server of the configuration can be asked for are taken for gone.
    /// - Returns: those of which there is something new to tell.
    /// - Throws: `StateError`, `ConfigurationError`, `CancellationError`.
    func run(_ fleet: Fleet, accepting options: PassOptions) async throws -> [StoredScratches.Scratch] {
        let store = StoredScratches(state)
        var told: [StoredScratches.Scratch] = []
        var away: [String: CouchError] = [:]
        for var scratch in try await store.all() {
            let before = scratch.reason
            scratch.reason = nil
            if let server = scratch.place(in: loaded.configuration) {
                do {
                    // The others there would only be waited for in vain too.
                    if let error = away[server.name] { throw error }
                    scratch.reason = try await remove(scratch, server.name, fleet)
                } catch let error as CouchError {
                    if Self.isAway(error) { away[server.name] = error }
                    scratch.reason = "\(error)"
                }
            } else if !options.isAdopted(scratch.url) {
                scratch.reason = "the configuration has no server \(scratch.server) at this address any more"
            }
            if let reason = scratch.reason {
                scratch.reason = "the scratch \(scratch.url) could not be removed: \(reason)"
                try await store.store(scratch)
            } else {
                try await store.forget(scratch.url)
            }
            // That one is gone of which nobody was told is no news.
            if scratch.reason != before { told.append(scratch) }
        }
        return told
    }

    /// - Returns: why its server can't be asked; nil where it is gone.
    private func remove(
        _ scratch: StoredScratches.Scratch, _ name: String, _ fleet: Fleet
    ) async throws -> String? {
        guard ScratchName.isScratch(scratch.name) else { return "no drill gives a scratch such a name" }
        return try await fleet.with(name, of: loaded, environment: environment) { server -> String? in
            if let error = server.secretError { return error.message }
            let database = server.connection.database(scratch.name)
            if try await database.exists() { try await database.delete() }
            return nil
        }
    }

    private static func isAway(_ error: CouchError) -> Bool {
        [.unreachable, .nameNotResolved, .timeout, .tls].contains(error.code)
    }
}

extension StoredScratches.Scratch {
    /// The server that it was made on, by its address: another one may have the name now.
    func place(in configuration: Configuration) -> ServerConfiguration? {
        let there = configuration.servers.filter { $0.url.databaseURL(name) == url }
        return there.first { $0.name == server } ?? there.first
    }
}
