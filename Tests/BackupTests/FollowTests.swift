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
    /// As while CouchDB is started again.
    @Test func waitsForASourceThatIsAway() async throws {
        try await withScene { server, scene in
            try await scene.source.fill(3)
            let stop = StopRequest()
            let pauses = Mutex<[Duration]>([])
            let reports = Mutex<[BackupReport]>([])
            let clock = RunClock(now: { ContinuousClock.now }) { _ in
                try Task.checkCancellation()
                await Task.yield()
            }
            try await scene.withBackup { backup in
                var run = BackupRun(of: scene.source, into: backup)
                run.options = .test
                run.options.patience = .milliseconds(20)
                try await run.follow(every: .seconds(5), until: stop, clock: clock) { failure, pause in
                    #expect(failure.side == .source)
                    let count = pauses.withLock { pauses in
                        pauses.append(pause)
                        return pauses.count
                    }
                    guard count == 8 else { return }
                    server.faults.removeAll()
                    try server.put("later", in: scene.source.name)
                } report: { report in
                    let count = reports.withLock { reports in
                        reports.append(report)
                        return reports.count
                    }
                    if count == 1 { server.faults.add(Fault(.hangUp)) } else { stop.request() }
                }
            }
            #expect(pauses.withLock { $0 } == [1, 2, 4, 8, 16, 32, 60, 60].map { .seconds($0) })
            #expect(reports.withLock { $0.map(\.moment.documents) } == [3, 4])
        }
    }

    /// A feed that was cut off has brought nothing by that; that it goes on is told.
    @Test func makesNoMomentWhereNothingIsNewBehindACut() async throws {
        try await withScene { server, scene in
            try await scene.source.fill(3)
            let stop = StopRequest()
            let cuts = Mutex(0)
            let reports = Mutex<[BackupReport]>([])
            let clock = RunClock(now: { ContinuousClock.now }) { _ in
                try Task.checkCancellation()
                await Task.yield()
            }
            try await scene.withBackup { backup in
                var run = BackupRun(of: scene.source, into: backup)
                run.options = .test
                run.options.patience = .milliseconds(20)
                try await run.follow(every: .seconds(5), until: stop, clock: clock) { failure, _ in
                    #expect(failure.side == .source)
                    let count = cuts.withLock { cuts in
                        cuts += 1
                        return cuts
                    }
                    if count == 3 { try server.put("later", in: scene.source.name) }
                } report: { report in
                    let count = reports.withLock { reports in
                        reports.append(report)
                        return reports.count
                    }
                    if count == 1 {
                        server.faults.add(Fault(.cut(afterBytes: 12), pathContains: "feed=longpoll", count: 3))
                    } else if report.isNew {
                        stop.request()
                    }
                }
            }
            #expect(cuts.withLock { $0 } == 3)
            #expect(reports.withLock { $0.map(\.isNew) } == [true, false, false, true])
            #expect(reports.withLock { $0.map(\.moment.number) } == [1, 1, 1, 2])
            #expect(reports.withLock { $0.map(\.moment.documents) } == [3, 3, 3, 4])
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
