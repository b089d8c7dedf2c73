import CouchDB
import Replication
import Supervision

/// The sources' servers that were found gone while pairs were backed up.
actor AskedSources {
    private var failures: [String: VaultPairFailure] = [:]
    /// How many pairs of a server have failed since the last one that did not.
    private var failed: [String: Int] = [:]

    /// One database, or two, may have a fault of their own, and what stands before a server may hide its root.
    private static let isSuspect = 4

    /// Why a server's pairs need not be tried; nil where they may be.
    func gone(_ server: String) -> VaultPairFailure? { failures[server] }

    /// Notes that one of a server's databases was read.
    func answered(_ server: String) { failed[server] = nil }

    /// Notes that one could not be; where it was not the only one, the server itself is asked.
    ///
    /// - Throws: `CancellationError`.
    func failed(_ connection: ServerConnection, named server: String) async throws {
        failed[server, default: 0] += 1
        guard failures[server] == nil, failed[server, default: 0] >= Self.isSuspect else { return }
        do {
            _ = try await ReplicationFailure.Side.source.naming { try await connection.info() }
        } catch {
            try Task.checkCancellation()
            failures[server] = VaultPairFailure(error, from: server)
        }
    }
}
