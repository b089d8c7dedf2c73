import CouchDB
import Foundation
import Testing

@testable import Supervision

@Suite struct ReplicationBehindTests {
    @Test(
        "The lag is the age of the newest state that the backup surely holds",
        arguments: [
            (14.0, nil), (15, .warning), (59, .warning), (60, .critical),
        ] as [(Double, Finding.Severity?)])
    func lag(minutes: Double, severity: Finding.Severity?) {
        var scene = Scene.watched()
        // A job that waits, so that no other rule has a say.
        scene.pair.thresholds.pendingFor = 86400
        _ = scene.pass()
        scene.park()
        scene.write(10)
        _ = scene.pass()
        scene.elapse(minutes * 60)
        #expect(scene.finding("replication-behind")?.severity == severity)
    }

    @Test("Null is unknown, not zero and not a lag")
    func null() {
        var scene = Scene.watched()
        scene.progress = .known(ReplicationProgress(checkpoint: Scene.sequence(1000), pending: nil))
        scene.elapse(86400)
        #expect(scene.finding("replication-behind") == nil)
        #expect(scene.situation.lagSeconds == nil)
        let light = PairReport.replicating(scene.situation, memory: scene.memory, findings: scene.findings)
        #expect(light.state == .unknown)
    }

    @Test("A busy source whose changes arrive within minutes is never behind")
    func busy() {
        var scene = Scene.watched()
        for _ in 0..<100 {
            scene.write(500)
            #expect(scene.pass() == [])
            scene.elapse(60)
            // The job reaches what this pass saw, but the source goes on.
            scene.copy()
        }
    }

    @Test("Changes that come between two passes are not late because nobody looked for long", arguments: [1.0, 7, 30])
    func rarePasses(days: Double) {
        var scene = Scene.watched()
        for _ in 0..<5 {
            scene.elapse(days * 86400)
            scene.write(10)
            #expect(scene.pass() == [])
            scene.copy()
            scene.write(5)
            scene.elapse(days * 86400)
            #expect(scene.pass() == [])
            scene.copy()
        }
        // Changes that two passes in a row see waiting are.
        scene.write(5)
        #expect(scene.pass() == [])
        scene.elapse(days * 86400)
        #expect(scene.finding("replication-behind")?.severity == .critical)
    }

    @Test("A lag that stays is told for what it is, however many passes look")
    func steady() throws {
        var scene = Scene.watched()
        // Each minute one change, and the job is an hour behind.
        var waited: [TimeInterval] = []
        for minute in 0..<300 {
            scene.write(1)
            let reached = 1000 + max(0, minute - 60)
            scene.progress = .known(
                ReplicationProgress(checkpoint: Scene.sequence(reached), pending: 1001 + minute - reached))
            if minute > 120 { waited.append(try #require(scene.situation.waitingSeconds)) }
            _ = scene.pass()
            scene.elapse(60)
        }
        #expect(waited.allSatisfy { $0 >= 2400 && $0 <= 3660 }, "\(waited.min() ?? 0) to \(waited.max() ?? 0)")
    }

    @Test("Changes may be too many, whatever the time")
    func changes() {
        var scene = Scene.watched()
        scene.pair.thresholds.lagChangesWarning = 100
        scene.pair.thresholds.lagChangesCritical = 1000
        scene.write(99)
        #expect(scene.found == [])
        scene.write(1)
        #expect(scene.finding("replication-behind")?.severity == .warning)
        scene.write(900)
        #expect(scene.finding("replication-behind")?.severity == .critical)
    }

    @Test("A first copy that moves is a notice, one that does not is a lag")
    func firstCopy() {
        var scene = Scene()
        scene.progress = .known(ReplicationProgress(checkpoint: Scene.sequence(10), pending: 990))
        _ = scene.pass()
        for number in 1...20 {
            scene.elapse(400)
            scene.progress = .known(
                ReplicationProgress(checkpoint: Scene.sequence(10 + number), pending: 990 - number))
            _ = scene.pass()
        }
        #expect(scene.finding("replication-behind")?.severity == .notice)
        scene.elapse(601)
        #expect(scene.finding("replication-behind")?.severity == .critical)
    }

    @Test("A source that is never quiet when somebody looks is no first copy for ever")
    func neverIdle() {
        var scene = Scene()
        for minute in 0..<10 {
            scene.write(100)
            // The target has what was there a minute ago.
            scene.progress = .known(
                ReplicationProgress(checkpoint: Scene.sequence(1000 + minute * 100), pending: 100))
            _ = scene.pass()
            scene.elapse(60)
        }
        #expect(scene.memory.wasComplete)
        for _ in 0..<40 {
            scene.write(100)
            scene.progress = .known(
                ReplicationProgress(
                    checkpoint: Scene.sequence(2000),
                    pending: (scene.source.info?.updateSequence.displayNumber ?? 0) - 2000))
            _ = scene.pass()
            scene.elapse(60)
        }
        #expect(scene.finding("replication-behind")?.severity != .notice)
        #expect(scene.finding("replication-behind") != nil)
    }

    @Test("A reading from the beginning counts from its own begin, not from the pair's")
    func rescan() throws {
        var scene = Scene.watched()
        scene.elapse(365 * 86400)
        _ = scene.pass()
        scene.memory.beginRescan(reason: "target-rolled-back", at: scene.now)
        scene.memory.rescan?.isPrepared = true
        scene.progress = .known(ReplicationProgress(checkpoint: .zero, pending: 1000))
        _ = scene.pass()
        scene.elapse(60)
        scene.park()
        #expect(scene.finding("replication-behind") == nil)
        scene.elapse(16 * 60)
        let finding = try #require(scene.finding("replication-behind"))
        #expect(finding.severity == .warning)
    }

    @Test("A server that can't be reached explains the lag")
    func cause() {
        var scene = Scene.watched()
        scene.write(10)
        _ = scene.pass()
        scene.elapse(86400)
        scene.sourceServerFindings = [
            Finding(rule: "server-unreachable", severity: .critical, since: scene.now, summary: "", next: "")
        ]
        #expect(scene.finding("replication-behind")?.cause == "server-unreachable @ production")
    }
}
