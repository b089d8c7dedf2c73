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
        let repair: RepairAction =
            option == "since_seq"
            ? .resetCheckpoints(documentID: document.id, base: Scene.base)
            : .rewriteReplication(documentID: document.id)
        #expect(scene.plan().action == repair)
    }

    @Test("Beside one with since_seq and the same replication id no whole one is written, up to 3.5.1")
    func blocked() throws {
        var scene = Scene()
        var document = ReplicationDocument(
            id: "app3", source: scene.desired.source, target: scene.desired.target, withAuthObject: true)
        document.members["since_seq"] = "5-abc"
        scene.replication.documents = [scene.running(document)]
        let step = "delete the document app3 from _replicator on standby, then: couchkeep check"
        #expect(try #require(scene.finding("replication-partial")).next == step)
        #expect(scene.plan(adopting: true).obstacle?.hasSuffix(step) == true)
        scene.targetServer = .known(Scene.server(ServerVersion(3, 5, 2), uuid: "b2"))
        #expect(scene.plan(adopting: true).action == .createReplication)
        document.members["selector"] = ["type": "order"]
        scene.targetServer = .known(Scene.server(ServerVersion(3, 5, 1), uuid: "b2"))
        scene.replication.documents = [scene.running(document)]
        #expect(scene.plan(adopting: true).action == .createReplication)
    }

    /// A pair whose document has begun at a later change until lately.
    private func begunLate(_ mode: Pair.Mode = .manage) -> Scene {
        var scene = Scene.watched()
        scene.pair.mode = mode
        var document = scene.ownDocument
        document.members["since_seq"] = "5-abc"
        scene.replication.documents = [scene.running(document)]
        #expect(scene.pass() == ["replication-partial"])
        scene.elapse(60)
        scene.replication.documents = [scene.running(scene.ownDocument)]
        return scene
    }

    @Test("Without since_seq a job goes on behind the hole: that stays told until everything was read")
    func lateStart() {
        var scene = begunLate()
        #expect(scene.pass() == ["replication-partial"])
        #expect(
            scene.plan().action == .resetCheckpoints(documentID: scene.desired.documentID, base: Scene.base))
        scene.memory.beginRescan(reason: "replication-partial", at: scene.now)
        scene.memory.rescan?.isPrepared = true
        scene.progress = .known(ReplicationProgress(checkpoint: Scene.sequence(10), pending: 990))
        scene.elapse(10)
        #expect(scene.pass() == ["replication-partial"])
        #expect(scene.plan() == .none)
        scene.elapse(10)
        scene.copy()
        #expect(scene.pass() == [])
        scene.elapse(60)
        #expect(scene.pass() == [])
    }

    @Test(
        "A comparison ends it, and so does a job with a checkpoint of its own", arguments: [Pair.Mode.manage, .watch])
    func lateStartProved(mode: Pair.Mode) {
        var scene = begunLate(mode)
        scene.replicationError = CouchError(.timeout, "too late")
        #expect(scene.pass().contains("replication-partial"), "what can't be seen ends nothing")
        scene.replicationError = nil
        let began = scene.now.addingTimeInterval(-120)
        scene.proof = mode == .manage ? .equal(since: began) : .offered(since: began)
        #expect(scene.found == ["replication-partial"], "it compared what was before")
        scene.proof = mode == .manage ? .equal(since: scene.now) : .offered(since: scene.now)
        #expect(scene.found == [])
        scene.proof = .notDemanded
        #expect(scene.found == ["replication-partial"])
        scene.replication.documents[0].job = scene.job(scene.desired.documentID, base: "9a6c")
        #expect(scene.found == [])
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
