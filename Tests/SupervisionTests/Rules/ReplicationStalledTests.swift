import CouchDB
import Foundation
import Testing

@testable import Supervision

@Suite struct ReplicationStalledTests {
    private func stuck() -> Scene {
        var scene = Scene.watched()
        scene.pair.thresholds.lagWarning = 86400
        scene.write(10)
        return scene
    }

    @Test("A running job that does not move for ten minutes is restarted")
    func stalled() throws {
        var scene = stuck()
        #expect(scene.pass() == [])
        scene.elapse(599)
        #expect(scene.pass() == [])
        scene.elapse(1)
        #expect(scene.found == ["replication-stalled"])
        #expect(try #require(scene.finding("replication-stalled")).severity == .critical)
        #expect(scene.plan().action == .restartReplication(documentID: scene.desired.documentID))
    }

    @Test("A job whose counters move is given three times as long")
    func working() {
        var scene = stuck()
        for round in 1...29 {
            scene.report(written: 1000 + round)
            #expect(scene.pass() == [])
            scene.elapse(60)
        }
        scene.report(written: 2000)
        _ = scene.pass()
        scene.elapse(60)
        scene.report(written: 2001)
        #expect(scene.found == ["replication-stalled"], "the checkpoint stands still behind one stuck document")
    }

    @Test("A job with nothing to do does not move either")
    func idle() {
        var scene = Scene.watched()
        for _ in 0..<5 {
            #expect(scene.pass() == [])
            scene.elapse(86400)
        }
        // Work that comes after a long rest does not make the rest a stall.
        scene.write(10)
        #expect(scene.pass() == [])
    }

    @Test("A checkpoint that moves slowly is not stuck")
    func slow() {
        var scene = stuck()
        for number in 1...20 {
            scene.progress = .known(ReplicationProgress(checkpoint: Scene.sequence(1000 + number), pending: 100))
            #expect(scene.pass() == [])
            scene.elapse(500)
        }
    }

    @Test("A lag that is unknown is no stall, nor is a job that waits")
    func unknown() {
        var scene = stuck()
        _ = scene.pass()
        scene.elapse(3600)
        scene.progress = .known(ReplicationProgress(checkpoint: Scene.sequence(1000), pending: nil))
        #expect(scene.finding("replication-stalled") == nil)
        scene = stuck()
        _ = scene.pass()
        scene.elapse(3600)
        scene.park()
        #expect(scene.finding("replication-stalled") == nil)
    }

    @Test("A transient job beside a document that failed is not the job that stalls")
    func besideFailed() {
        var scene = stuck()
        _ = scene.pass()
        scene.elapse(3600)
        scene.replication.documents = [scene.resting(scene.ownDocument, .failed, error: "x")]
        scene.replication.transientJobs = [scene.job(nil)]
        #expect(scene.finding("replication-stalled") == nil)
    }

    @Test("A job that was just restarted is given its time before the next restart")
    func restarted() {
        var scene = stuck()
        _ = scene.pass()
        scene.elapse(600)
        #expect(scene.plan().action == .restartReplication(documentID: scene.desired.documentID))
        scene.memory.repairs.note("restart-replication", at: scene.now)
        _ = scene.pass()
        scene.elapse(300)
        #expect(scene.found == ["replication-stalled"])
        #expect(scene.plan() == .none, "a restart now would undo what the job has done since the last one")
        scene.elapse(300)
        #expect(scene.plan().action == .restartReplication(documentID: scene.desired.documentID))
    }
}
