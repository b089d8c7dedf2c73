import Backup
import CouchDB
import Foundation
import Replication
import Supervision
import Vault

/// What `couchkeep drill` does: rehearses the restore of one backup, and keeps what came of it.
package struct DrillDesk: Sendable {
    /// Where to and of when.
    package struct Order: Sendable {
        package var place: DrillRun.Place
        /// Chooses a moment of a backup in the vault.
        package var moment: @Sendable (VaultDatabase) async throws -> VaultDatabase
        package var stop: StopRequest

        package init(
            place: DrillRun.Place, stop: StopRequest,
            moment: @escaping @Sendable (VaultDatabase) async throws -> VaultDatabase
        ) {
            (self.place, self.stop, self.moment) = (place, stop, moment)
        }
    }

    /// The vault of backups that are in one.
    package let vault: VaultConfiguration
    private let environment: [String: String]?
    private let now: @Sendable () -> Date
    /// Called with words of how far it is.
    package var onProgress: @Sendable (Replication.ReplicationProgress) -> Void = { _ in }
    package var onComparison: @Sendable (BodyProgress) -> Void = { _ in }
    /// Called with the scratch database's URL before it is made.
    package var onScratch: @Sendable (String) async throws -> Void = { _ in }
    /// The largest backup that is restored into memory, in bytes of its documents and attachments.
    package var memoryLimit = DrillRun.usualMemoryLimit
    /// Marks moments that are equal.
    package var mark = MomentMark()

    package init(
        _ vault: VaultConfiguration, environment: [String: String]? = nil,
        now: @escaping @Sendable () -> Date = { Date() }
    ) {
        (self.vault, self.environment, self.now) = (vault, environment, now)
    }

    /// Rehearses the restore of a backup.
    ///
    /// - Throws: ``DrillError``, what ``onScratch`` throws, `VaultError` where there is no such backup or moment or the key is
    ///   wrong. Damage is a verdict.
    package func rehearse(_ backup: VerifiablePair.Backup, _ order: Order) async throws -> DrillReport {
        switch backup {
        case .database(let database): return try await run(.database(database), order)
        case .vault(let name):
            do {
                return try await rehearse(inVault: name, order)
            } catch let error as VaultError where error.code == .damaged {
                var report = DrillReport(
                    backup: VaultPair.targetPrefix + name, moment: nil, asOf: now(), place: "nowhere", at: now())
                (report.verdict, report.reason) = (.different, "\(error)")
                return report
            }
        }
    }

    private func rehearse(inVault name: String, _ order: Order) async throws -> DrillReport {
        let (rehearsed, moment) = try await vault.open(environment: environment, now: now())
            .withDatabase(name, isWriting: false, now: now()) { backup in
                try backup.expectReadable()
                let moment = try await order.moment(backup)
                return (try await run(.moment(moment), order), moment)
            }
        var report = rehearsed
        if report.verdict == .equal {
            report.unmarked = try await mark.leave(on: moment, content: true, at: now()) {
                try await vault.open(environment: environment, now: now())
            }
        }
        return report
    }

    private func run(_ backup: DrillRun.Backup, _ order: Order) async throws -> DrillReport {
        var run = DrillRun(backup, in: order.place, now: now)
        (run.onProgress, run.onComparison, run.onScratch) = (onProgress, onComparison, onScratch)
        run.memoryLimit = memoryLimit
        return try await run.run(until: order.stop)
    }

    // MARK: What drills have left behind

    /// The databases of a server that drills have made: what is left of those that were killed, and of those under way.
    ///
    /// - Throws: `ReplicationFailure` of the target where the server can't be asked; `CancellationError`.
    package static func leftovers(on server: ServerConnection) async throws -> [String] {
        ScratchName.leftovers(
            try await ReplicationFailure.Side.target.naming { try await server.databaseNames() })
    }

    /// The names of those into which a check of a configuration restores now; to be asked for behind ``leftovers(on:)``.
    package static func underWay(_ loaded: LoadedConfiguration) async throws -> Set<String> {
        let folder = StateFolder(loaded)
        // Where nobody has the right to make drills, none is under way.
        if let lock = try folder.lockDrills() {
            lock.release()
            return []
        }
        return Set(try await StoredScratches(try folder.openForReading()).all().filter { $0.reason == nil }.map(\.name))
    }

    /// Removes them.
    ///
    /// - Throws: as ``leftovers(on:)``.
    package static func remove(_ leftovers: [String], from server: ServerConnection) async throws {
        try await ReplicationFailure.Side.target.naming {
            for name in leftovers where ScratchName.leftovers([name]) == [name] {
                try await server.database(name).delete()
            }
        }
    }
}
