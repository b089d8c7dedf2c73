import CouchDB
import Foundation
import Testing

@testable import Supervision

@Suite struct SourceRolledBackTests {
    private func rolledBack() -> Scene {
        var scene = Scene.watched()
        scene.source = .present(Scene.database(documents: 600))
        return scene
    }

    @Test("A source with fewer documents is held until people accept it, also when it grows again")
    func counts() {
        var scene = rolledBack()
        #expect(scene.pass() == ["source-rolled-back"])
        scene.elapse(3600)
        scene.source = .present(Scene.database(documents: 2000))
        #expect(scene.pass() == ["source-rolled-back"])
        scene.replication = ReplicationObservation()
        #expect(scene.plan().obstacle?.contains("source-rolled-back") == true)
        scene.memory.acceptSource()
        #expect(scene.pass() == ["replication-missing"])
    }

    @Test("Its checkpoint is older than before, or older than the target's of the same session")
    func checkpoints() {
        var scene = Scene()
        scene.inspection = PairInspection(sourceLog: .known(Scene.log(1000)), targetLog: .known(Scene.log(1000)))
        _ = scene.pass()
        scene.inspection = PairInspection(
            sourceLog: .known(Scene.log(700, revision: 3, session: "s0")), targetLog: .known(Scene.log(1000)))
        #expect(scene.found == ["source-rolled-back"])
        scene = Scene()
        scene.inspection = PairInspection(
            sourceLog: .known(Scene.log(700)), targetLog: .known(Scene.log(1000)), pendingAfterSourceLog: 300,
            pendingAfterTargetLog: 0)
        #expect(scene.pass() == [], "a running job writes one checkpoint before the other")
        scene.elapse(60)
        #expect(scene.found == ["source-rolled-back"])
    }

    @Test("Where there are several copies, an older checkpoint alone is no proof")
    func otherCopies() {
        func scene(copies: Int) -> Scene {
            var scene = Scene()
            scene.source = .present(Scene.database(copies: copies))
            scene.inspection = PairInspection(sourceLog: .known(Scene.log(1000)), targetLog: .known(Scene.log(1000)))
            _ = scene.pass()
            scene.elapse(60)
            scene.inspection = PairInspection(
                sourceLog: .known(Scene.log(700, revision: 4)), targetLog: .known(Scene.log(1000)),
                pendingAfterSourceLog: 300, pendingAfterTargetLog: 0)
            return scene
        }
        #expect(scene(copies: 1).found == ["source-rolled-back"])
        var cluster = scene(copies: 3)
        for _ in 0..<3 {
            #expect(cluster.pass() == [])
            cluster.elapse(60)
        }
        cluster.inspection?.lostBySource = ["a"]
        #expect(cluster.found == ["source-rolled-back"])
    }

    @Test("A purge, a compaction and another database are none")
    func healthy() {
        var scene = Scene.watched()
        scene.source = .present(Scene.database(documents: 600, purges: "400-g1BBB"))
        #expect(scene.found == [])
        scene.source = .present(Scene.database(documents: 600, identity: "1795999999"))
        #expect(scene.found == ["source-replaced"])
    }

    @Test("1.x: a purge sequence that went back is that of another file, however much that holds")
    func purges() throws {
        func old(_ documents: Int, purges: Int64) -> DatabaseObservation {
            var info = Scene.database(documents: documents, identity: "1795976685603925")
            (info.q, info.n, info.purgeSequence) = (nil, nil, UpdateSequence(.integer(purges)))
            return .present(info)
        }
        var scene = Scene()
        scene.source = old(1000, purges: 3)
        #expect(scene.pass() == [])
        scene.elapse(60)
        scene.source = old(990, purges: 13)
        #expect(scene.found == [])
        scene.source = old(1200, purges: 0)
        #expect(scene.found == ["source-rolled-back"])
        #expect(try #require(scene.finding("source-rolled-back")).evidence["purgesBefore"] == 3)
    }

    @Test("Where both went back together, the source is the one that matters")
    func both() {
        var scene = rolledBack()
        scene.target = .present(Scene.database(documents: 600, identity: "1795000002"))
        #expect(scene.found == ["source-rolled-back", "target-rolled-back"])
        #expect(scene.plan().obstacle?.contains("source-rolled-back") == true)
    }
}
