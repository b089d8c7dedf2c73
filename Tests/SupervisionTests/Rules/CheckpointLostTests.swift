import CouchDB
import Foundation
import Testing

@testable import Supervision

@Suite struct CheckpointLostTests {
    private func remembered() -> Scene {
        var scene = Scene()
        scene.inspection = logs(Scene.log(1000), Scene.log(1000))
        _ = scene.pass()
        scene.elapse(60)
        return scene
    }

    private func logs(_ source: ReplicationLog?, _ target: ReplicationLog?) -> PairInspection {
        PairInspection(sourceLog: .known(source), targetLog: .known(target))
    }

    private func rename(_ scene: inout Scene, pending: Int) {
        scene.progress = .known(ReplicationProgress(checkpoint: .zero, pending: pending))
        scene.replication.documents[0].job = scene.job(scene.ownDocument.id, base: "9999")
        scene.replication.documents[0].scheduled?.id = ReplicationID("9999+continuous")
    }

    @Test("A checkpoint that was deleted", arguments: ["source", "target"])
    func deleted(side: String) throws {
        var scene = remembered()
        scene.inspection = side == "source" ? logs(nil, Scene.log(1000)) : logs(Scene.log(1000), nil)
        #expect(scene.pass() == ["checkpoint-lost"])
        let finding = try #require(scene.finding("checkpoint-lost"))
        #expect(finding.severity == .warning)
        #expect(finding.evidence["missingAt"] == [.string(side)])
        #expect(scene.plan() == .none)
        // It stays told until there is one again, also in passes that don't look.
        scene.elapse(60)
        scene.inspection = nil
        #expect(scene.pass() == ["checkpoint-lost"])
        scene.inspection = logs(Scene.log(1010, revision: 6), Scene.log(1010, revision: 6))
        #expect(scene.pass() == [])
    }

    @Test("One that nodes which are away may have is not lost, unless it is not there when they are back")
    func nodesAway() {
        for side in ["source", "target"] {
            var scene = Scene()
            scene.source = .present(Scene.database(copies: 3))
            scene.target = .present(Scene.database(identity: "1795000002", copies: 3))
            scene.inspection = logs(Scene.log(1000), Scene.log(1000))
            _ = scene.pass()
            let nodes = Scene.nodes(3, away: 2)
            (scene.sourceNodes, scene.targetNodes) = side == "source" ? (nodes, nil) : (nil, nodes)
            scene.inspection = side == "source" ? logs(nil, Scene.log(1000)) : logs(Scene.log(1000), nil)
            for _ in 0..<2 {
                scene.elapse(60)
                #expect(scene.pass() == [])
            }
            (scene.sourceNodes, scene.targetNodes) = (nil, nil)
            scene.elapse(60)
            var whole = scene
            #expect(scene.pass() == ["checkpoint-lost"])
            whole.inspection = logs(Scene.log(1000), Scene.log(1000))
            #expect(whole.pass() == [])
        }
    }

    @Test("One that was only out of sight ends it, however much is still to copy", arguments: ["source", "target"])
    func hidden(side: String) {
        var scene = remembered()
        scene.write(10)
        scene.inspection = side == "source" ? logs(nil, Scene.log(1000)) : logs(Scene.log(1000), nil)
        #expect(scene.pass() == ["checkpoint-lost"])
        scene.elapse(60)
        #expect(scene.pass() == ["checkpoint-lost"])
        scene.elapse(60)
        scene.inspection = logs(Scene.log(1000), Scene.log(1000))
        #expect(scene.situation.pending == 10)
        #expect(scene.pass() == [])
    }

    @Test("A reading from the beginning stays told until it has come as far as the source was, and no further")
    func anew() {
        var scene = remembered()
        scene.write(10)
        scene.inspection = logs(nil, Scene.log(1000))
        #expect(scene.pass() == ["checkpoint-lost"])
        scene.elapse(60)
        // Another process has found no checkpoint, and has written its first.
        scene.replication.documents[0].task?.startedOn = scene.now.addingTimeInterval(-30)
        let first = Scene.log(10, revision: 1, session: "s2")
        scene.inspection = logs(first, Scene.log(10, revision: 6, session: "s2"))
        scene.progress = .known(ReplicationProgress(checkpoint: Scene.sequence(10), pending: 1000))
        #expect(scene.pass() == ["checkpoint-lost"])
        scene.elapse(60)
        scene.write(5)
        scene.inspection = logs(
            Scene.log(1010, revision: 9, session: "s2"), Scene.log(1010, revision: 14, session: "s2"))
        scene.progress = .known(ReplicationProgress(checkpoint: Scene.sequence(1010), pending: 5))
        #expect(scene.pass() == [])
    }

    @Test("Two checkpoints without a session in common are none for the next start")
    func unrelated() {
        var scene = remembered()
        scene.inspection = logs(nil, Scene.log(1000))
        #expect(scene.pass() == ["checkpoint-lost"])
        scene.elapse(60)
        scene.inspection = logs(Scene.log(1000, revision: 1, session: "s2"), Scene.log(1000))
        #expect(scene.pass() == ["checkpoint-lost"])
    }

    @Test("Another replication id reads everything again, and that stays told until it is done")
    func renamed() {
        var scene = remembered()
        scene.inspection = logs(nil, nil)
        rename(&scene, pending: 900)
        #expect(scene.pass() == ["checkpoint-lost"])
        scene.elapse(60)
        #expect(scene.pass() == ["checkpoint-lost"])
        scene.elapse(60)
        scene.copy()
        scene.replication.documents[0].job?.id = ReplicationID("9999+continuous")
        scene.replication.documents[0].scheduled?.id = ReplicationID("9999+continuous")
        scene.inspection = logs(Scene.log(1000, revision: 1), Scene.log(1000, revision: 1))
        #expect(scene.pass() == [])
    }

    @Test("Another id with nothing to read, a checkpoint that could not be read, and one that never was, are none")
    func healthy() {
        var scene = remembered()
        scene.inspection = logs(Scene.log(1000, revision: 1), Scene.log(1000, revision: 1))
        rename(&scene, pending: 0)
        #expect(scene.pass() == [])
        scene = remembered()
        scene.inspection = PairInspection(
            sourceLog: .unknown(CouchError(.timeout, "")), targetLog: .unknown(CouchError(.timeout, "")))
        #expect(scene.pass() == [])
        scene = Scene.watched()
        scene.inspection = logs(nil, nil)
        #expect(scene.pass() == [])
    }

    @Test("What Couchkeep removed itself is not lost")
    func rescan() {
        var scene = remembered()
        scene.memory.beginRescan(reason: "target-rolled-back", at: scene.now)
        scene.memory.rescan?.isPrepared = true
        scene.inspection = logs(nil, nil)
        scene.progress = .known(ReplicationProgress(checkpoint: .zero, pending: 1000))
        #expect(scene.pass() == [])
    }
}
