import CouchDB
import Foundation
import Testing

@testable import Supervision

@Suite struct ReplicationTransientTests {
    @Test("A job without a document is made durable")
    func job() throws {
        var scene = Scene()
        scene.replication = ReplicationObservation(transientJobs: [scene.job(nil)])
        #expect(scene.found == ["replication-transient"])
        #expect(try #require(scene.finding("replication-transient")).severity == .warning)
        #expect(scene.plan().action == .makeDurable(jobID: ReplicationID("8f5b+continuous")))
    }

    @Test("So is a task of a server without a scheduler")
    func task() throws {
        var scene = Scene()
        scene.targetServer = .known(Scene.server(ServerVersion(1, 7, 1), uuid: "b2"))
        scene.replication = ReplicationObservation(transientTasks: [try #require(scene.task(nil))])
        #expect(scene.found == ["replication-transient"])
        #expect(scene.plan().action == .makeDurable(jobID: ReplicationID("8f5b+continuous")))
    }

    /// Couchkeep's document, which can't start before a transient job ends.
    private func awaiting(_ id: String = "8f5b+continuous") -> Scene {
        var scene = Scene()
        let reason =
            "Replication `\(id)` specified by document `x` already running as a transient replication, "
            + "started via `_replicate` API endpoint"
        scene.replication = ReplicationObservation(
            documents: [scene.resting(scene.ownDocument, .error, error: reason, errors: 1)],
            transientJobs: [scene.job(nil, base: "9a6c"), scene.job(nil)])
        return scene
    }

    @Test("A document that was written beside its job, and not yet got its place, gets it")
    func cutOff() throws {
        let scene = awaiting()
        #expect(scene.found == ["replication-transient"])
        #expect(scene.plan().action == .makeDurable(jobID: ReplicationID("8f5b+continuous")))
        #expect(awaiting("77aa+continuous").plan() == .none, "it is not one of the pair's jobs")
    }

    @Test("What a job without a document has left out nobody can see: a comparison has to say that it is nothing")
    func mayHaveBegunLate() {
        var scene = awaiting()
        scene.proof = .none
        #expect(scene.pass() == ["replication-transient"])
        scene.replication = ReplicationObservation(documents: [scene.running(scene.ownDocument)])
        scene.elapse(60)
        #expect(scene.pass() == ["replication-transient"])
        #expect(scene.plan() == .none)
        var other = scene
        other.replication.documents[0].job = scene.job(scene.desired.documentID, base: "77aa")
        #expect(other.found == [], "it has a checkpoint of its own")
        other = scene
        other.targetServer = .known(Scene.server(ServerVersion(3, 5, 2), uuid: "b2"))
        #expect(other.found == [], "it would have had another replication id")
        scene.proof = .equal(since: scene.now)
        #expect(scene.pass() == [])
    }

    @Test("A transient job beside a document is of no account")
    func besideDocument() {
        var scene = Scene()
        scene.replication.transientJobs = [scene.job(nil)]
        #expect(scene.found == [])
    }
}
