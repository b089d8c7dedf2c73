import CouchDB
import Foundation
import Testing

@testable import Supervision

@Suite struct ReplicationNeverStartedTests {
    @Test(
        "A document whose state stays null is written again, after a grace",
        arguments: [
            (119.0, []), (120, ["replication-never-started"]),
        ] as [(Double, [String])])
    func null(waited: TimeInterval, rules: [String]) throws {
        var scene = Scene()
        scene.replication.documents = [scene.resting(scene.ownDocument, nil)]
        #expect(scene.pass() == [])
        scene.elapse(waited)
        #expect(scene.found == rules)
        if let finding = scene.finding("replication-never-started") {
            #expect(finding.evidence["state"] == .null)
            #expect(scene.plan().action == .rewriteReplication(documentID: scene.desired.documentID))
        }
    }

    @Test("So is one that the scheduler does not know at all, or that stays initializing")
    func unknownToScheduler() {
        var scene = Scene()
        scene.replication.documents = [ReplicationObservation.Documented(document: scene.ownDocument)]
        #expect(scene.pass() == [])
        scene.elapse(60)
        scene.replication.documents = [scene.resting(scene.ownDocument, .initializing)]
        #expect(scene.pass() == [])
        scene.elapse(60)
        #expect(scene.found == ["replication-never-started"])
    }

    @Test("A document that ran for months has its grace after each restart of the server")
    func restart() {
        var scene = Scene.watched()
        scene.elapse(90 * 86400)
        #expect(scene.pass() == [])
        scene.elapse(60)
        scene.replication.documents = [scene.resting(scene.ownDocument, nil)]
        #expect(scene.pass() == [], "the server has just been started")
        scene.elapse(60)
        #expect(scene.pass() == [])
        scene.elapse(60)
        #expect(scene.found == ["replication-never-started"])
    }

    @Test("A pair that nothing replicated for days gives a new document its grace too")
    func newDocument() {
        var scene = Scene()
        scene.pair.mode = .watch
        scene.replication = ReplicationObservation()
        #expect(scene.pass() == ["replication-missing"])
        scene.elapse(3 * 86400)
        scene.replication.documents = [scene.resting(scene.foreignDocument(), nil)]
        #expect(scene.pass() == [])
    }

    @Test("1.x: triggered without a task is stale, after a grace")
    func triggered() {
        var scene = Scene()
        scene.targetServer = .known(Scene.server(ServerVersion(1, 7, 1), uuid: "b2"))
        var document = scene.ownDocument
        document.members["_replication_state"] = "triggered"
        let running = ReplicationObservation.Documented(document: document, task: scene.task(document.id))
        scene.replication.documents = [running]
        #expect(scene.pass() == [])
        scene.elapse(86400)
        #expect(scene.pass() == [])
        scene.replication.documents = [ReplicationObservation.Documented(document: document)]
        scene.elapse(60)
        #expect(scene.pass() == [])
        scene.elapse(120)
        #expect(scene.pass() == ["replication-never-started"])
        scene.replication.documents = [running]
        #expect(scene.pass() == [])
    }

    @Test("A parked job, a crashed one and a completed one have started")
    func started() {
        var scene = Scene()
        scene.park()
        _ = scene.pass()
        scene.elapse(86400)
        #expect(scene.found == [])
        scene.crash("timeout")
        #expect(scene.finding("replication-never-started") == nil)
        var document = scene.ownDocument
        document.members["_replication_state"] = "completed"
        scene.replication.documents = [ReplicationObservation.Documented(document: document)]
        #expect(scene.finding("replication-never-started") == nil)
    }
}
