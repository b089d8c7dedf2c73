import CouchDB
import Foundation
import Replication
import Synchronization
import Vault

/// Brings a backup in a vault up to its source, and adds a moment.
///
/// A run takes up where the last one ended, however that was: data and the checkpoint that speaks of it are committed
/// together. A run that is cut off leaves no moment, loses nothing that was acknowledged, and the next one goes on.
package struct BackupRun: Sendable {
    package let source: CouchDatabase
    package let backup: VaultDatabase
    /// How to copy; the checkpoint is chosen by the run.
    package var options = ReplicationOptions()
    /// Called with each new state of the copying.
    package var onProgress: @Sendable (ReplicationProgress) -> Void = { _ in }
    private let now: @Sendable () -> Date

    /// - Parameter backup: opened for writing.
    package init(
        of source: CouchDatabase, into backup: VaultDatabase, now: @escaping @Sendable () -> Date = { Date() }
    ) {
        self.source = source
        self.backup = backup
        self.now = now
    }

    /// Runs once.
    ///
    /// - Throws: `ReplicationFailure`, `VaultError`, `CouchError` of the source; `CancellationError`.
    package func run() async throws -> BackupReport {
        let mark = SourceMark(database: source, backup: backup.uuid)
        let verdict = try await onSource { try await backup.recognise(try await mark.identity(), at: now()) }
        try await backup.store(try await onSource { try await SourceSettings(of: source) })
        let report = try await replicate()
        let moment = try await backup.seal(
            at: now(), sequence: report.sequence, isComplete: !report.isIncomplete, setAside: report.counts.refused)
        let isMarked = try await onSource { try await mark.leave(moment: moment.number) }
        if isMarked { try await backup.noteMarker(backup.uuid, moment: moment.number) }
        return BackupReport(
            name: backup.name, moment: moment, replication: report, source: verdict, isMarked: isMarked)
    }

    /// Runs, and again whenever something has changed, until the task is cancelled.
    ///
    /// - Parameters:
    ///   - interval: the shortest time between two moments.
    ///   - report: takes the report of each run that brought something, and of the first one.
    package func follow(every interval: Duration, report: (BackupReport) async throws -> Void) async throws {
        let replica = CouchReplica(source)
        while true {
            let done = try await run()
            try await report(done)
            try await Task.sleep(for: interval)
            var isQuiet = true
            while isQuiet {
                let batch = try await onSource {
                    try await replica.changes(
                        since: done.replication.sequence, limit: 1, patience: options.patience)
                }
                isQuiet = batch.documents.isEmpty && batch.unusable.isEmpty
            }
        }
    }

    private func replicate() async throws -> ReplicationReport {
        var options = options
        options.checkpointID = "backup"
        // The mark does what a copy of the checkpoint would do.
        options.leavesWitness = false
        let replicator = Replicator(from: CouchReplica(source), to: backup, options: options)
        return try await replicator.run(reporting: onProgress)
    }

    private func onSource<Result: Sendable>(_ call: () async throws -> Result) async throws -> Result {
        try await ReplicationFailure.Side.source.naming { try await call() }
    }
}
