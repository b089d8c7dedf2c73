import CouchDB
import Foundation
import Replication
import Vault

/// The two replicas of a pair, opened for a comparison.
package struct PairSides: Sendable {
    package let source: CouchReplica
    package let target: any ComparableReplica
    /// The source's position up to which the backup is known to have been filled; nil where that is not known.
    package let filledTo: UpdateSequence?
    /// When it was filled up to there: the moment's time, or the checkpoint's by the clock of the server that runs the job.
    package var filledAt: Date?
    /// The vault's moment that is compared; nil for a backup on a server.
    package var moment: Int?

    /// Opens both sides for a body, and closes what was opened behind it.
    ///
    /// - Throws: `SecretError`, `VaultError`, `ReplicationFailure`, and what the body throws.
    package static func with<Result: Sendable>(
        _ pair: VerifiablePair, vault: VaultConfiguration, environment: [String: String]?, now: Date,
        _ body: (PairSides) async throws -> Result
    ) async throws -> Result {
        if let error = pair.secretError { throw error }
        let source = CouchReplica(pair.source)
        switch pair.backup {
        case .database(let database):
            let log = try await checkpoint(pair)
            return try await body(
                PairSides(
                    source: source, target: CouchReplica(database), filledTo: log?.sourceLastSequence,
                    filledAt: log?.history.first?.endTime))
        case .vault(let name):
            let key = try await vault.key?.resolve(environment: environment)
            let vault = try await Vault(at: vault.path, create: false, now: now, key: key)
            return try await vault.withDatabase(name, isWriting: false, now: now) { backup in
                guard let newest = try await backup.moments().last else {
                    throw VaultError(
                        .unknownMoment, "the backup has no moment yet", at: name, next: "run couchkeep backup first")
                }
                return try await body(
                    PairSides(
                        source: source, target: backup.at(newest), filledTo: newest.sequence, filledAt: newest.time,
                        moment: newest.number))
            }
        }
    }

    /// How far the replication between two servers has come: the source's checkpoint, which is what CouchDB goes on from.
    ///
    /// The target's is an older one where the target was put back to an older state; what it lost would then look as if it
    /// were on its way.
    private static func checkpoint(_ pair: VerifiablePair) async throws -> ReplicationLog? {
        guard let id = pair.checkpointID else { return nil }
        return try await ReplicationFailure.Side.source.naming {
            try await pair.source.localDocument(id).flatMap(ReplicationLog.init(answer:))
        }
    }
}
