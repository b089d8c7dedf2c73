import CouchDB
import Foundation
import Testing

@testable import Supervision

@Suite struct ReplicationPartialTests {
    static let options: [(String, JSONValue)] = [
        ("filter", "app/mine"), ("selector", ["type": "order"]), ("doc_ids", ["a"]), ("view", "app/v"),
        ("since_seq", "5-abc"), ("winning_revs_only", true),
    ]

    @Test("Every option that leaves something out is found", arguments: options)
    func partial(option: String, value: JSONValue) throws {
        var scene = Scene()
        var document = scene.ownDocument
        document.members[option] = value
        scene.replication.documents = [scene.running(document)]
        #expect(scene.found == ["replication-partial"])
        #expect(try #require(scene.finding("replication-partial")).evidence["options"] == [.string(option)])
        #expect(scene.plan().action == .rewriteReplication(documentID: document.id))
    }

    @Test(
        "What somebody else copies only a part with stays what it is: it gets a whole one beside it", arguments: options
    )
    func others(option: String, value: JSONValue) {
        var scene = Scene()
        var document = scene.foreignDocument()
        document.members[option] = value
        scene.replication.documents = [scene.running(document)]
        #expect(scene.found == ["replication-partial"])
        #expect(scene.plan().action == nil)
        #expect(scene.plan(adopting: true).action == .createReplication)
    }

    @Test("An option that is switched off leaves nothing out", arguments: options.map(\.0))
    func off(option: String) {
        var scene = Scene()
        for value: JSONValue in [.null, false] {
            var document = scene.ownDocument
            document.members[option] = value
            scene.replication.documents = [scene.running(document)]
            #expect(scene.found == [])
        }
    }
}
