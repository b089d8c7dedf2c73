import CouchDB
import Foundation
import Testing

@testable import Supervision

@Suite struct ReplicationCompletedTests {
    @Test("A run that has ended is no backup, nor is one that will end")
    func oneShot() throws {
        var scene = Scene()
        var document = scene.ownDocument
        document.members["continuous"] = nil
        scene.replication.documents = [scene.resting(document, .completed)]
        #expect(scene.found == ["replication-completed"])
        #expect(try #require(scene.finding("replication-completed")).evidence["completedAt"] != nil)
        #expect(scene.plan().action == .rewriteReplication(documentID: document.id))
        scene.replication.documents = [scene.running(document)]
        #expect(scene.found == ["replication-completed"])
        #expect(try #require(scene.finding("replication-completed")).summary.contains("will end"))
    }

    @Test("A completed document of somebody else is left alone without --adopt")
    func foreign() {
        var scene = Scene()
        var document = scene.foreignDocument()
        document.members["continuous"] = false
        scene.replication.documents = [scene.resting(document, .completed)]
        #expect(scene.plan().obstacle?.contains("--adopt") == true)
        #expect(scene.plan(adopting: true).action == .rewriteReplication(documentID: "nightly"))
    }

    @Test("Beside a continuous job that works, an old one-shot run is nothing to tell of")
    func besideContinuous() {
        var scene = Scene()
        var document = scene.foreignDocument()
        document.members["continuous"] = false
        scene.replication.documents.append(scene.resting(document, .completed))
        #expect(scene.found == [])
    }
}
