import CouchDB
import Foundation
import Testing

@testable import Supervision

@Suite struct ReplicationDuplicateTests {
    @Test("Couchkeep deletes its own superfluous document")
    func own() throws {
        var scene = Scene()
        let reason = "already started, triggered by document `nightly`"
        scene.replication.documents = [
            scene.resting(scene.ownDocument, .failed, error: reason), scene.running(scene.foreignDocument()),
        ]
        #expect(scene.found == ["replication-duplicate"])
        #expect(try #require(scene.finding("replication-duplicate")).evidence["works"] == "nightly")
        #expect(scene.plan().action == .removeReplication(documentID: scene.desired.documentID))
    }

    @Test("A document of somebody else is named and left")
    func foreign() throws {
        var scene = Scene()
        scene.replication.documents.append(
            scene.resting(scene.foreignDocument(), .failed, error: "already started, triggered by document `x`"))
        let finding = try #require(scene.finding("replication-duplicate"))
        #expect(finding.evidence["superfluous"] == ["nightly"])
        #expect(finding.next.hasPrefix("delete the superfluous documents"))
        #expect(scene.plan() == .none)
        #expect(scene.plan(adopting: true) == .none)
    }

    @Test("A copy of once beside the job that goes on is no duplicate, finished or not", arguments: [true, false])
    func once(isFinished: Bool) {
        var scene = Scene()
        var once = scene.foreignDocument()
        once.members["continuous"] = nil
        scene.replication.documents.append(isFinished ? scene.resting(once, .completed) : scene.running(once))
        #expect(scene.found == [])
        // A second one that goes on is.
        scene.replication.documents.append(scene.resting(scene.foreignDocument("weekly"), .failed, error: "x"))
        #expect(scene.finding("replication-duplicate")?.evidence["superfluous"] == ["weekly"])
    }

    @Test("One document, or one beside a transient job, is no duplicate")
    func single() {
        var scene = Scene()
        #expect(scene.found == [])
        scene.replication.transientJobs = [scene.job(nil)]
        #expect(scene.found == [])
    }

    @Test("The job that works stands for the pair, and among equals Couchkeep's own")
    func primary() {
        let scene = Scene()
        let own = scene.ownDocument
        let foreign = scene.foreignDocument()
        func primary(_ documents: ReplicationObservation.Documented...) -> String? {
            ReplicationObservation(documents: documents).primary?.document.id
        }
        #expect(primary(scene.running(own), scene.running(foreign)) == own.id)
        #expect(primary(scene.running(foreign), scene.running(own)) == own.id)
        #expect(primary(scene.resting(own, .failed), scene.resting(foreign, .completed)) == foreign.id)
        #expect(primary(scene.resting(own, .error), scene.resting(foreign, .pending)) == foreign.id)
    }
}
