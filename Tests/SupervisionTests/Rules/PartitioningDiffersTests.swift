import CouchDB
import Foundation
import Testing

@testable import Supervision

@Suite struct PartitioningDiffersTests {
    private func database(_ isPartitioned: Bool, identity: String) -> DatabaseObservation {
        var info = Scene.database(identity: identity)
        info.isPartitioned = isPartitioned
        return .present(info)
    }

    private func scene(source: Bool, target: Bool) -> Scene {
        var scene = Scene()
        scene.source = database(source, identity: "1795000001")
        scene.target = database(target, identity: "1795000002")
        return scene
    }

    @Test("A target that is not what the source is is told, and nothing is done to it", arguments: [true, false])
    func different(isSourcePartitioned: Bool) throws {
        var scene = scene(source: isSourcePartitioned, target: !isSourcePartitioned)
        #expect(scene.pass() == ["partitioning-differs"])
        let finding = try #require(scene.finding("partitioning-differs"))
        #expect(finding.severity == .warning)
        let summary =
            isSourcePartitioned
            ? "the source is partitioned and the target is not: after a switch-over queries of a partition fail"
            : "the target is partitioned and the source is not: it refuses documents whose ids name no partition"
        #expect(finding.summary == summary)
        #expect(finding.evidence["sourceIsPartitioned"]?.bool == isSourcePartitioned)
        #expect(finding.evidence["targetIsPartitioned"]?.bool == !isSourcePartitioned)
        #expect(scene.plan() == .none)
        scene.elapse(60)
        #expect(scene.finding("partitioning-differs")?.since == finding.since)
    }

    @Test("Two of a kind are well", arguments: [true, false])
    func alike(isPartitioned: Bool) {
        #expect(scene(source: isPartitioned, target: isPartitioned).found == [])
    }

    @Test("What is missing or unknown differs from nothing")
    func unknown() {
        var scene = scene(source: true, target: false)
        scene.target = .missing
        #expect(scene.found == ["target-missing"])
        scene.target = .unknown(CouchError(.timeout, "too late"))
        #expect(scene.finding("partitioning-differs") == nil)
        scene = self.scene(source: false, target: true)
        scene.source = .unknown(CouchError(.timeout, "too late"))
        #expect(scene.finding("partitioning-differs") == nil)
    }

    @Test("A server before 3.0 has no partitions, and has to be updated before its database can have any")
    func older() throws {
        var scene = scene(source: true, target: false)
        scene.targetServer = .known(Scene.server(ServerVersion(2, 3, 1), uuid: "b2"))
        let next = try #require(scene.finding("partitioning-differs")).next
        #expect(next.hasPrefix("update standby, which runs CouchDB 2.3.1") && !next.contains("delete"))
        scene = self.scene(source: false, target: true)
        scene.sourceServer = .known(Scene.server(ServerVersion(2, 3, 1), uuid: "a1"))
        #expect(try #require(scene.finding("partitioning-differs")).next.contains("delete it"))
    }

    @Test("The step says who makes the target anew, and what to keep before")
    func step() throws {
        func next(_ scene: Scene) throws -> String { try #require(scene.finding("partitioning-differs")).next }
        var scene = scene(source: true, target: false)
        #expect(try next(scene).hasPrefix("see what only orders on standby has (couchkeep verify orders)"))
        #expect(try next(scene).hasSuffix("the next check makes it as the source is and has it filled"))
        scene.pair.createsTarget = false
        #expect(try next(scene).contains("create it with ?partitioned=true, and the next check"))
        scene.pair.mode = .watch
        #expect(try next(scene).hasSuffix("create it with ?partitioned=true, and start the replication again"))
        scene.target = database(true, identity: "1795000002")
        scene.source = database(false, identity: "1795000001")
        #expect(try next(scene).contains("create it without ?partitioned=true"))
    }

    @Test("Nobody is told to delete what may be the only copy")
    func onlyCopy() throws {
        var scene = Scene.watched()
        scene.source = database(true, identity: "1795999999")
        #expect(scene.found.contains("source-replaced"))
        let next = try #require(scene.finding("partitioning-differs")).next
        #expect(next.hasPrefix("keep the target as it is") && !next.contains("delete"))
    }
}
