import CouchDB
import Foundation
import Testing

@testable import Supervision

@Suite struct SourceMissingTests {
    @Test("A source that is gone stays told, and nothing is done to its backup")
    func gone() throws {
        var scene = Scene.watched()
        scene.source = .missing
        #expect(scene.pass() == ["source-missing"])
        #expect(try #require(scene.finding("source-missing")).summary.contains("only copy"))
        scene.crash("db_not_found: could not open http://couch1.example.org:5984/orders/", errors: 9)
        #expect(scene.found == ["replication-crashing", "source-missing"])
        #expect(scene.plan().action == nil)
        scene.replication.documents = [scene.resting(scene.ownDocument, .failed, error: "x")]
        #expect(scene.plan().obstacle?.contains("source") == true)
    }

    @Test("Where both sides are gone, nobody is told that the backup is the only copy")
    func bothGone() throws {
        var scene = Scene.watched()
        (scene.source, scene.target) = (.missing, .missing)
        #expect(scene.found == ["source-missing", "target-missing"])
        let source = try #require(scene.finding("source-missing"))
        #expect(source.summary.contains("both gone") && source.next.contains("vault list"))
        #expect(try #require(scene.finding("target-missing")).next.contains("source back first"))
    }

    @Test("One that never was is told as such")
    func never() throws {
        var scene = Scene()
        scene.source = .missing
        #expect(try #require(scene.finding("source-missing")).summary.contains("there is no database orders"))
    }

    @Test("A server that does not answer says nothing of its databases")
    func unknown() {
        var scene = Scene.watched()
        scene.source = .unknown(CouchError(.unreachable, "refused"))
        #expect(scene.found == ["blind"])
    }
}
