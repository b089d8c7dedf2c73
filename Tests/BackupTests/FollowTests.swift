import Backup
import CouchDB
import CouchSim
import Foundation
import Replication
import Synchronization
import Testing
import Vault

/// A backup that goes on until it is stopped.
@Suite(.timeLimit(.minutes(2))) struct FollowTests {
    /// Follows the source without any pause until the last body says so.
    ///
    /// - Parameters:
    ///   - step: how much time passes at each look at the clock; nil for as much as does.
    ///   - waiting: called at each failure that is waited for, with how many there were.
    ///   - report: called with each report and how many there were; true ends it.
    private func follow(
        _ scene: Scene, step: Duration? = nil, waiting: (Int) throws -> Void, report: (BackupReport, Int) -> Bool
    ) async throws -> (pauses: [Duration], reports: [BackupReport]) {
        let stop = StopRequest()
        var (pauses, reports): ([Duration], [BackupReport]) = ([], [])
        let start = ContinuousClock.now
        let looks = Mutex(0)
        let now: @Sendable () -> ContinuousClock.Instant = {
            guard let step else { return ContinuousClock.now }
            let count: Int = looks.withLock { looks in
                looks += 1
                return looks
            }
            return start + step * count
        }
        let clock = RunClock(now: now) { _ in
            try Task.checkCancellation()
            await Task.yield()
        }
        try await scene.withBackup { backup in
            var run = BackupRun(of: scene.source, into: backup)
            run.options = .test
            run.options.patience = .milliseconds(20)
            try await run.follow(every: .seconds(5), until: stop, clock: clock) { failure, pause in
                #expect(failure.side == .source)
                pauses.append(pause)
                try waiting(pauses.count)
            } report: { done in
                reports.append(done)
                if report(done, reports.count) { stop.request() }
            }
        }
        return (pauses, reports)
    }

    /// As while CouchDB is started again.
    @Test func waitsForASourceThatIsAway() async throws {
        try await withScene { server, scene in
            try await scene.source.fill(3)
            let (pauses, reports) = try await follow(scene) { count in
                guard count == 8 else { return }
                server.faults.removeAll()
                try server.put("later", in: scene.source.name)
            } report: { _, count in
                if count == 1 { server.faults.add(Fault(.hangUp)) }
                return count > 1
            }
            #expect(pauses == [1, 2, 4, 8, 16, 32, 60, 60].map { .seconds($0) })
            #expect(reports.map(\.moment.documents) == [3, 4])
        }
    }

    /// A feed that was cut off has brought nothing by that; that it goes on is told.
    @Test func makesNoMomentWhereNothingIsNewBehindACut() async throws {
        try await withScene { server, scene in
            try await scene.source.fill(3)
            let (pauses, reports) = try await follow(scene) { count in
                if count == 3 { try server.put("later", in: scene.source.name) }
            } report: { report, count in
                guard count == 1 else { return report.isNew }
                server.faults.add(Fault(.cut(afterBytes: 12), pathContains: "feed=longpoll", count: 3))
                return false
            }
            #expect(pauses.count == 3)
            #expect(reports.map(\.isNew) == [true, false, false, true])
            #expect(reports.map(\.moment.number) == [1, 1, 1, 2])
            #expect(reports.map(\.moment.documents) == [3, 3, 3, 4])
        }
    }

    /// What could not be read is tried again though nothing changes.
    @Test func triesAgainWhatIsLackingOfAQuietSource() async throws {
        try await withScene { server, scene in
            try await scene.source.fill(3)
            let fault = server.faults.add(Fault(.documentMissing(id: "document-2")))
            let (pauses, reports) = try await follow(scene, step: .seconds(25)) { _ in
            } report: { _, count in
                server.faults.remove(fault)
                return count == 2
            }
            #expect(pauses == [] && reports.map(\.isIncomplete) == [true, false])
            #expect(reports.map(\.moment.number) == [1, 2])
        }
    }

    /// What never answered is no backup that would go on by itself.
    @Test func endsWhereTheSourceNeverAnswered() async throws {
        try await withScene { server, scene in
            server.faults.add(Fault(.hangUp))
            let error = await #expect(throws: ReplicationFailure.self) {
                try await scene.withBackup { backup in
                    var run = BackupRun(of: scene.source, into: backup)
                    run.options = .test
                    try await run.follow(every: .seconds(5), until: StopRequest()) { _, _ in
                        Issue.record("nothing is waited for")
                    } report: { _ in
                    }
                }
            }
            #expect(error?.side == .source)
        }
    }
}
