import Backup
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
    /// The backup in the vault behind that moment, where it was opened to be mended.
    private var mended: (backup: VaultDatabase, newest: Moment)?

    /// Opens both sides for a body, and closes what was opened behind it.
    ///
    /// - Parameter mending: whether the backup is to be written to.
    /// - Throws: `SecretError`, `VaultError`, `ReplicationFailure`, and what the body throws.
    package static func with<Result: Sendable>(
        _ pair: VerifiablePair, vault: VaultConfiguration, environment: [String: String]?, now: Date,
        mending: Bool = false, _ body: (PairSides) async throws -> Result
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
            let vault = try await vault.open(environment: environment, now: now)
            return try await vault.withDatabase(name, isWriting: mending, now: now) { backup in
                guard let newest = try await backup.newestMoment() else {
                    throw VaultError(
                        .unknownMoment, "the backup has no moment yet", at: name, next: "run couchkeep backup first")
                }
                // What is mended is compared with nothing.
                let filledTo = mending ? nil : try await backup.position(of: newest, in: pair.source)
                var sides = PairSides(
                    source: source, target: mending ? backup : backup.at(newest), filledTo: filledTo,
                    filledAt: newest.time)
                if mending { sides.mended = (backup, newest) }
                return try await body(sides)
            }
        }
    }

    /// Copies what the backup lacks, looks again, and keeps what was refused, for the verifications to come. In the vault that
    /// makes a new moment, since those that there are stay as they are; what is damaged of the newest state is set aside before,
    /// and the next backup reads the source from its beginning.
    ///
    /// - Parameter key: what the pair's verifications are known by.
    /// - Throws: ``ReplicationFailure``; `VaultError`; `CancellationError`. It can be run again at any time.
    func mend(
        _ holes: [Difference], of key: String, _ refusals: StoredRefusals, at time: Date
    ) async throws -> HoleRepair.Report {
        // Counted with what is lost, every later moment would look damaged; and what is damaged can't be written to.
        let damage = holes.isEmpty ? nil : try await mended?.backup.setDamagedAside()
        var report = try await HoleRepair(source, target).run(holes)
        if let damage, !damage.isEmpty { report.damage = damage.description }
        if let (backup, newest) = mended, report.copied > 0 {
            try await backup.seal(
                at: time, sequence: newest.sequence,
                // Settings come with the next backup.
                isComplete: newest.isComplete && report.remaining.isEmpty && damage?.settings ?? 0 == 0,
                setAside: newest.setAside)
        }
        try await refusals.note(report, of: holes, pair: key)
        return report
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
