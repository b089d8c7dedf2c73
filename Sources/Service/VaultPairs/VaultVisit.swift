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
    var onProgress: @Sendable (Replication.ReplicationProgress) -> Void = { _ in }

    /// Backs up.
    ///
    /// - Throws: ``VaultPairFailure``, `CancellationError`.
    func backUp() async throws -> BackupReport {
        try await naming {
            if let error = pair.secretError { throw error }
            // Before a vault is made: a source that isn't there leaves nothing behind.
            let info = try await ReplicationFailure.Side.source.naming { try await pair.database.info() }
            let vault = try await vault.open(create: true, environment: environment, now: now())
            return try await vault.withDatabase(pair.name, isWriting: true, create: true, now: now()) { backup in
                var run = BackupRun(of: pair.database, into: backup, now: now)
                run.onProgress = onProgress
                run.sealsUnchanged = sealsUnchanged
                return try await run.run(knowing: info)
            }
        }
    }

    /// The newest moment, and when a later run confirmed it; nil where there is none.
    ///
    /// No key is needed: what moments say of themselves is not encrypted.
    ///
    /// - Throws: ``VaultPairFailure``, `CancellationError`.
    func newestMoment() async throws -> (moment: Moment, confirmation: Confirmation?)? {
        try await naming {
            guard FileManager.default.fileExists(atPath: vault.path) else { return nil }
            let vault = try await Vault(at: vault.path, create: false, now: now())
            guard try await vault.entries().contains(where: { $0.name == pair.name }) else { return nil }
            return try await vault.withDatabase(pair.name, isWriting: false, now: now()) { backup in
                let (newest, confirmation) = (try await backup.moments().last, try await backup.confirmation())
                return newest.map { ($0, confirmation) }
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
