import CouchDB
import Replication
import Vault

/// Backing up a source for as long as it goes on.
extension BackupRun {
    /// Runs, and again whenever something has changed, until that is to stop: then all that was copied is in a moment.
    ///
    /// A source that answered once and is away later, as while it is started again, is waited for. Where something could not be
    /// read, or the mark not be left, it is tried again though nothing changes: behind one minute, and then ever later, up to half
    /// an hour.
    ///
    /// - Parameters:
    ///   - interval: the shortest time between two moments.
    ///   - stop: ends it behind the run that is under way.
    ///   - clock: how long the pauses are in which the source is waited for: from one second to a minute.
    ///   - waiting: takes each failure of the source that is waited for, and the pause before the next attempt.
    ///   - report: takes the report of each run that brought something, of the first one, and of one behind a failure.
    package func follow(
        every interval: Duration, until stop: StopRequest, clock: RunClock = .system,
        waiting: (ReplicationFailure, Duration) async throws -> Void, report: (BackupReport) async throws -> Void
    ) async throws {
        let replica = CouchReplica(source)
        var (hasRun, pause): (Bool, Duration) = (false, Self.firstPause)
        var retry = Self.firstRetry
        var run = self
        while !stop.isRequested {
            do {
                let done = try await run.run()
                // That it answers again is told too.
                let isBack = pause > Self.firstPause
                if done.isNew || done.damage != nil || !hasRun || isBack { try await report(done) }
                // A source that was away has brought nothing by that.
                run.sealsUnchanged = false
                (hasRun, pause) = (true, Self.firstPause)
                let limit: Duration? = done.isIncomplete || done.markFailure != nil ? retry : nil
                retry = limit.map { min($0 * 2, Self.longestRetry) } ?? Self.firstRetry
                try await stop.cutting {
                    let began = clock.now()
                    try await clock.sleep(interval)
                    var isQuiet = true
                    while isQuiet, limit.map({ began.duration(to: clock.now()) < $0 }) ?? true {
                        let batch = try await onSource {
                            try await replica.changes(
                                since: done.replication.sequence, limit: 1, patience: options.patience)
                        }
                        isQuiet = batch.documents.isEmpty && batch.unusable.isEmpty
                    }
                }
            } catch let failure as ReplicationFailure
                where hasRun && failure.side == .source && FailureKind(failure.underlying) == .passing
            {
                try await waiting(failure, pause)
                try await stop.cutting { [pause] in try await clock.sleep(pause) }
                pause = min(pause * 2, Self.longestPause)
            }
        }
    }

    private static let firstPause = Duration.seconds(1)
    private static let longestPause = Duration.seconds(60)
    private static let firstRetry = Duration.seconds(60)
    private static let longestRetry = Duration.seconds(1800)
}
