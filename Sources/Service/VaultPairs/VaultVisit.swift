import Backup
import CouchDB
import Foundation
import Replication
import Supervision
import Vault

/// One pair's turn in a pass: a backup where one is to be made, then a look at what there is.
struct VaultVisit: Sendable {
    var pair: VaultPair
    var vault: VaultConfiguration
    var environment: [String: String]?
    var now: @Sendable () -> Date
    /// Whether a backup that finds nothing new adds a moment all the same.
    var sealsUnchanged = true
    /// Lets other backups run beside this one.
    var turns: Turns?
    var onProgress: @Sendable (Replication.ReplicationProgress) -> Void = { _ in }

    /// A backup that was made, and what the source said of itself before.
    typealias Done = (report: BackupReport, source: DatabaseInfo)

    /// Backs up.
    ///
    /// - Throws: ``VaultPairFailure``, `CancellationError`.
    func backUp() async throws -> Done {
        try await naming {
            if let error = pair.secretError { throw error }
            // Before a vault is made: a source that isn't there leaves nothing behind.
            let info = try await ReplicationFailure.Side.source.naming { try await pair.database.info() }
            let vault = try await vault.open(create: true, environment: environment, now: now())
            return try await vault.withDatabase(
                pair.name, isWriting: true, create: true, replacesLost: pair.isLossKnown, now: now()
            ) { backup in
                var run = BackupRun(of: pair.database, into: backup, now: now)
                run.onProgress = onProgress
                run.sealsUnchanged = sealsUnchanged
                run.turns = turns
                return (try await run.run(knowing: info), info)
            }
        }
    }

    /// What a look at the backup finds.
    struct Backup: Sendable {
        var seen: SeenBackup
        /// When a later run confirmed the newest moment.
        var confirmation: Confirmation?
        var isEncrypted = false
    }

    /// Looks at the backup.
    ///
    /// No key is needed: what moments say of themselves is not encrypted.
    ///
    /// - Throws: ``VaultPairFailure``, `CancellationError`.
    func lookAtBackup() async throws -> Backup {
        try await naming {
            guard !Vault.isGone(at: vault.path) else { return Backup(seen: .absent) }
            let vault = try await Vault(at: vault.path, create: false, now: now())
            guard let entry = try await vault.entry(named: pair.name), !vault.isGone(entry)
            else { return Backup(seen: .absent) }
            return try await vault.withDatabase(pair.name, isWriting: false, now: now()) { backup in
                let epoch = try await Self.epoch(of: backup)
                let (moments, damaged) = try await backup.allMoments()
                return Backup(
                    seen: .present(
                        uuid: backup.uuid, moments: moments, damaged: damaged,
                        epoch: epoch),
                    confirmation: try await backup.confirmation(), isEncrypted: backup.encryption != nil)
            }
        }
    }

    /// The newest epoch; nil where its row is damaged, which the next backup mends.
    private static func epoch(of backup: VaultDatabase) async throws -> SeenBackup.Epoch? {
        do {
            let epoch = try await backup.newestEpoch()
            return SeenBackup.Epoch(number: epoch.number, reason: epoch.reason)
        } catch let error as VaultError where error.code == .damaged {
            return nil
        }
    }

    /// What the source says of itself.
    ///
    /// - Parameter counts: as they are remembered; a source that seems to have gone back is asked again.
    /// - Throws: ``VaultPairFailure`` where it can't be asked; `CancellationError`.
    func source(after counts: PairMemory.Counts?) async throws -> DatabaseObservation {
        try await naming {
            if let error = pair.secretError { throw error }
            return try await ReplicationFailure.Side.source.naming {
                do {
                    let info = try await pair.database.info()
                    return .present(try await PairObserver.confirmed(info, against: counts, of: pair.database))
                } catch let error as CouchError where error.isDatabaseMissing {
                    return .missing
                }
            }
        }
    }

    /// The nodes with copies of the source that are away; nil where none is, or nobody tells.
    ///
    /// - Parameter wasThere: whether it was seen before.
    /// - Throws: ``VaultPairFailure`` where its server can't be asked, or where it is missing and may be with nodes that are
    ///   away; `CancellationError`.
    func nodesAway(from source: DatabaseObservation, wasThere: Bool) async throws -> NodesAway? {
        try await naming {
            try await ReplicationFailure.Side.source.naming {
                guard let cluster = try await pair.database.server.knownMembership() else { return nil }
                let away = try await pair.database.nodesAway(source.copyCounts(in: cluster), of: cluster)
                if wasThere, source == .missing, let away, away.mayHideWrites {
                    throw CouchError(
                        .serverError, "the database does not exist, but \(away.summary), which may have it",
                        error: "nodedown")
                }
                return away
            }
        }
    }

    /// How many changes of the source are behind a sequence of its feed; nil where the source does not say.
    ///
    /// - Throws: ``VaultPairFailure``, `CancellationError`.
    func pending(behind sequence: UpdateSequence?) async throws -> Int? {
        try await naming {
            if let error = pair.secretError { throw error }
            guard let sequence else { return nil }
            return try await ReplicationFailure.Side.source.naming {
                try await pair.database.changesPending(since: sequence)
            }
        }
    }

    private func naming<Result>(_ body: () async throws -> Result) async throws -> Result {
        do {
            return try await body()
        } catch {
            try Task.checkCancellation()
            throw VaultPairFailure(error, from: pair.source.server)
        }
    }
}
