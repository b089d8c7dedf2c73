import CouchDB
import Foundation
import Testing

@testable import Supervision

@Suite struct TargetReplacedTests {
    private func replaced() -> Scene {
        var scene = Scene.watched()
        scene.target = .present(Scene.database(documents: 0, identity: "1795999999"))
        return scene
    }

    @Test("Another database under the same name")
    func found() throws {
        let scene = replaced()
        #expect(scene.found == ["target-replaced"])
        #expect(try #require(scene.finding("target-replaced")).evidence["documentsBefore"] == 1000)
        // It is told until the target is full again.
        let summary = try #require(scene.finding("target-replaced")).summary
        #expect(summary.hasSuffix("the one found there then held 0 documents"), "\(summary)")
        #expect(scene.plan().action == .resetCheckpoints(documentID: scene.desired.documentID, base: Scene.base))
    }

    @Test("Versions that tell nothing are not asked")
    func oldServer() {
        var scene = Scene()
        scene.targetServer = .known(Scene.server(ServerVersion(2, 3, 1), uuid: "b2"))
        scene.target = .present(Scene.database(identity: "0"))
        _ = scene.pass()
        scene.target = .present(Scene.database(identity: "1795999999"))
        #expect(scene.found == [])
    }

    @Test("An upgrade to a version that tells is no replacement, nor is one from 0")
    func upgrade() {
        var scene = Scene()
        scene.targetServer = .known(Scene.server(ServerVersion(3, 2), uuid: "b2"))
        scene.target = .present(Scene.database(identity: "0"))
        _ = scene.pass()
        scene.targetServer = .known(Scene.server(uuid: "b2"))
        scene.target = .present(Scene.database(identity: "1795000002"))
        #expect(scene.pass() == [])
        scene.target = .present(Scene.database(identity: "0"))
        #expect(scene.pass() == [])
        scene.target = .present(Scene.database(identity: "1795000003"))
        #expect(scene.pass() == ["target-replaced"])
    }

    @Test("The finding lasts until the new database is full, and the new one is then the right one")
    func latch() {
        var scene = replaced()
        #expect(scene.pass() == ["target-replaced"])
        scene.elapse(60)
        #expect(scene.pass() == ["target-replaced"])
        scene.memory.beginRescan(reason: "target-replaced", at: scene.now)
        scene.memory.rescan?.isPrepared = true
        scene.progress = .known(ReplicationProgress(checkpoint: Scene.sequence(100), pending: 900))
        scene.elapse(60)
        #expect(scene.pass() == ["target-replaced"])
        #expect(scene.plan() == .none)
        scene.elapse(60)
        scene.copy()
        #expect(scene.pass() == [])
        scene.elapse(60)
        #expect(scene.pass() == [])
        #expect(scene.memory.targetIdentity == "1795999999")
    }

    @Test("A target that was filled again before anybody looked is as good as a comparison says")
    func proved() {
        var scene = Scene.watched()
        scene.pair.mode = .watch
        scene.target = .present(Scene.database(documents: 1000, identity: "1795999999"))
        #expect(scene.pass() == ["target-replaced"])
        scene.elapse(60)
        #expect(scene.pass() == ["target-replaced"])
        scene.elapse(60)
        scene.proof = .equal(since: scene.now)
        #expect(scene.pass() == [])
        scene.elapse(60)
        scene.proof = .notDemanded
        #expect(scene.pass() == [] && scene.memory.targetIdentity == "1795999999")
    }

    @Test("Where Couchkeep only watches, CouchDB's own new start ends it, with equal counts")
    func watched() {
        var scene = replaced()
        scene.pair.mode = .watch
        #expect(scene.pass() == ["target-replaced"])
        scene.elapse(60)
        scene.copy()
        guard let source = scene.source.info, var target = scene.target.info else { return }
        scene.inspection = PairInspection(comparableCounts: ComparableCounts(source: source, target: target))
        #expect(scene.pass() == [])
        scene.elapse(60)
        scene.inspection = nil
        #expect(scene.pass() == [])
        target.documentCount = 10
        scene.target = .present(target)
        #expect(scene.pass() == ["target-rolled-back"])
    }
}
