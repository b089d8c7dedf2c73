import CouchDB
import Replication
import Supervision

/// The sources' servers that were found gone while pairs were backed up.
actor AskedSources {
    private var failures: [String: VaultPairFailure] = [:]

    /// Why a server's pairs need not be tried; nil where they may be.
    func gone(_ server: String) -> VaultPairFailure? { failures[server] }

    /// Asks a server itself behind a failure of one of its databases.
    ///
    /// - Throws: `CancellationError`.
    func ask(_ connection: ServerConnection, named server: String) async throws {
        guard failures[server] == nil else { return }
        do {
            _ = try await ReplicationFailure.Side.source.naming { try await connection.info() }
        } catch {
            try Task.checkCancellation()
            failures[server] = VaultPairFailure(error, from: server)
        }
    }
}
