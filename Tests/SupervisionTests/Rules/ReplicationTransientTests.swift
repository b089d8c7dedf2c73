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

    @Test("A transient job beside a document is of no account")
    func besideDocument() {
        var scene = Scene()
        scene.replication.transientJobs = [scene.job(nil)]
        #expect(scene.found == [])
    }
}
