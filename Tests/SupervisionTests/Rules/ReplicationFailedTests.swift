import CouchDB
import Foundation
import Testing

@testable import Supervision

@Suite struct ReplicationFailedTests {
    static let reason = "bad_request: invalid filter"

    @Test("A document that failed is written afresh")
    func failed() throws {
        var scene = Scene()
        scene.replication.documents = [scene.resting(scene.ownDocument, .failed, error: Self.reason, errors: 1)]
        #expect(scene.found == ["replication-failed"])
        #expect(try #require(scene.finding("replication-failed")).evidence["reason"] == .string(Self.reason))
        #expect(scene.plan().action == .rewriteReplication(documentID: scene.desired.documentID))
    }

    @Test("Where the scheduler's row is missing, the document says it")
    func recorded() {
        var scene = Scene()
        var document = scene.ownDocument
        document.members["_replication_state"] = "failed"
        scene.replication.documents = [ReplicationObservation.Documented(document: document)]
        #expect(scene.found == ["replication-failed"])
    }

    @Test("A duplicate beside a job that works is not this rule's")
    func duplicate() {
        var scene = Scene()
        let reason =
            "Replication `8f5b+continuous` specified by document `x` already started, triggered by document `y`"
        scene.replication.documents.append(scene.resting(scene.foreignDocument(), .failed, error: reason))
        #expect(scene.found == ["replication-duplicate"])
        // Once it stands alone, nobody revives it.
        scene.replication.documents = [scene.resting(scene.ownDocument, .failed, error: reason)]
        #expect(scene.found == ["replication-failed"])
    }

    @Test("A document that a partial one of somebody else keeps from running is told, with the name of that")
    func blocked() throws {
        var scene = Scene()
        var other = scene.foreignDocument("app3")
        other.members["since_seq"] = "5-abc"
        let reason =
            "Replication `8f5b+continuous` specified by document `x` already started, triggered by document `app3` from db `_replicator`"
        scene.replication.documents = [
            scene.resting(scene.ownDocument, .failed, error: reason), scene.running(other),
        ]
        #expect(scene.pass() == ["replication-failed", "replication-partial"])
        let finding = try #require(scene.finding("replication-failed"))
        #expect(finding.evidence["blockedBy"] == "app3")
        let step = "delete the document app3 from _replicator on standby, then: couchkeep check"
        #expect(finding.next == step && scene.finding("replication-partial")?.next == step)
        #expect(scene.plan() == .none)
        #expect(scene.plan(adopting: true) == .none)
        scene.replication.documents.removeLast()
        #expect(scene.plan().action == .rewriteReplication(documentID: scene.desired.documentID))
        // Then it goes on from the checkpoint of the other.
        scene.replication.documents = [scene.running(scene.ownDocument)]
        #expect(
            scene.plan().action == .resetCheckpoints(documentID: scene.desired.documentID, base: Scene.base))
    }

    @Test(
        "1.x: ten tries given up is a failure, one error of late is not",
        arguments: [
            (60.0, []), (14 * 60, []), (16 * 60, ["replication-failed"]),
        ] as [(Double, [String])])
    func givenUp(quiet: TimeInterval, rules: [String]) {
        var scene = Scene()
        scene.targetServer = .known(Scene.server(ServerVersion(1, 6, 1), uuid: "b2"))
        var document = scene.ownDocument
        document.members["_replication_state"] = "error"
        document.members["_replication_state_time"] = .integer(
            Int64(scene.now.addingTimeInterval(-quiet).timeIntervalSince1970))
        document.members["_replication_state_reason"] = "timeout"
        scene.replication.documents = [ReplicationObservation.Documented(document: document)]
        #expect(scene.found == rules)
    }

    @Test("1.x: an old error beside a running task is history")
    func recovered() {
        var scene = Scene()
        scene.targetServer = .known(Scene.server(ServerVersion(1, 6, 1), uuid: "b2"))
        var document = scene.ownDocument
        document.members["_replication_state"] = "error"
        document.members["_replication_state_time"] = 1_300_000_000
        scene.replication.documents = [
            ReplicationObservation.Documented(document: document, task: scene.task(document.id))
        ]
        #expect(scene.found == [])
    }
}
