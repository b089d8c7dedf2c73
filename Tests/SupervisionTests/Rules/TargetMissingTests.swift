import CouchDB
import Foundation
import Testing

@testable import Supervision

@Suite struct TargetMissingTests {
    @Test("A missing target is created like the source, where that is wanted")
    func missing() throws {
        var scene = Scene()
        scene.target = .missing
        #expect(scene.found == ["target-missing"])
        #expect(scene.plan().action == .createTarget(q: 2, isPartitioned: false))
        var source = Scene.database()
        (source.q, source.isPartitioned) = (16, true)
        scene.source = .present(source)
        #expect(scene.plan().action == .createTarget(q: 16, isPartitioned: true))
        scene.pair.createsTarget = false
        #expect(scene.plan() == .none)
        #expect(try #require(scene.finding("target-missing")).next.contains("create_target: true"))
    }

    @Test("On 1.x, which has no shards, no number of them is asked for or promised")
    func withoutShards() throws {
        var scene = Scene()
        scene.target = .missing
        scene.targetServer = .known(Scene.server(ServerVersion(1, 7, 1), uuid: "b2"))
        let action = try #require(scene.plan().action)
        #expect(action == .createTarget(q: nil, isPartitioned: false))
        #expect(!action.summary(for: scene.pair).contains("q="))
    }

    @Test("One that was there is a loss")
    func gone() throws {
        var scene = Scene.watched()
        scene.target = .missing
        let finding = try #require(scene.finding("target-missing"))
        #expect(finding.summary == "the backup's database is gone")
        #expect(finding.evidence["lastDocuments"] == 1000)
    }

    @Test("Without a source there is nothing to make it like, and an unknown target is not missing")
    func unknown() {
        var scene = Scene()
        (scene.source, scene.target) = (.missing, .missing)
        #expect(scene.found == ["source-missing", "target-missing"])
        #expect(scene.plan() == .none)
        scene = Scene()
        scene.target = .unknown(CouchError(.timeout, "too late"))
        #expect(scene.finding("target-missing") == nil)
    }
}
