import CouchDB
import Foundation
import Testing

@testable import Supervision

@Suite struct WritesRefusedTests {
    private func refusing(_ count: Int) -> Scene {
        var scene = Scene.watched()
        refuse(count, in: &scene)
        return scene
    }

    private func refuse(_ count: Int, in scene: inout Scene) {
        scene.report(failures: count)
    }

    private func looked(_ validators: [String: String]?, failures: Int = 0) -> PairInspection {
        PairInspection(
            sourceLog: .known(Scene.log(1000, failures: failures)),
            targetLog: .known(Scene.log(1000, failures: failures)),
            validators: validators)
    }

    @Test("One refused document is enough, although the job runs and has caught up")
    func refused() throws {
        var scene = refusing(1)
        scene.inspection = looked(["_design/app": "1-a"], failures: 1)
        #expect(scene.found == ["writes-refused"])
        let finding = try #require(scene.finding("writes-refused"))
        #expect(finding.severity == .critical)
        #expect(finding.summary.contains("_design/app"))
        #expect(scene.plan() == .none, "the cause is still there")
    }

    @Test("The largest number ever seen is remembered when the counter starts again")
    func remembered() throws {
        var scene = refusing(7)
        #expect(scene.pass() == ["writes-refused"])
        refuse(0, in: &scene)
        for _ in 0..<3 {
            scene.elapse(3600)
            #expect(scene.pass() == ["writes-refused"])
        }
        #expect(try #require(scene.finding("writes-refused")).evidence["refused"] == 7)
        scene.memory = try JSONDecoder().decode(PairMemory.self, from: try JSONEncoder().encode(scene.memory))
        #expect(scene.found == ["writes-refused"])
    }

    @Test("The checkpoints' history tells of refusals in earlier sessions")
    func history() {
        var scene = Scene.watched()
        scene.inspection = looked(nil, failures: 3)
        #expect(scene.pass() == ["writes-refused"])
        scene.inspection = nil
        #expect(scene.found == ["writes-refused"])
    }

    @Test("When the validation functions change, everything is read again, and the finding ends with that")
    func repaired() {
        var scene = refusing(7)
        scene.inspection = looked(["_design/app": "1-a"], failures: 7)
        #expect(scene.pass() == ["writes-refused"])
        #expect(scene.plan() == .none)
        scene.elapse(60)
        scene.inspection = looked([:], failures: 7)
        #expect(scene.plan().action == .resetCheckpoints(documentID: scene.desired.documentID, base: Scene.base))
        scene.memory.beginRescan(reason: "writes-refused", at: scene.now)
        scene.memory.rescan?.isPrepared = true
        refuse(0, in: &scene)
        scene.progress = .known(ReplicationProgress(checkpoint: Scene.sequence(10), pending: 990))
        scene.inspection = nil
        scene.elapse(10)
        #expect(scene.pass() == ["writes-refused"], "it is being read again")
        #expect(scene.plan() == .none)
        scene.elapse(10)
        scene.copy()
        #expect(scene.pass() == [])
        scene.elapse(60)
        scene.inspection = looked([:])
        #expect(scene.pass() == [])
        #expect(scene.memory.refused == 0)
    }

    @Test("Where another function still refuses some, reading again is not tried over and over")
    func stillRefused() {
        var scene = refusing(7)
        scene.inspection = looked(["_design/a": "1-a", "_design/b": "1-b"], failures: 7)
        _ = scene.pass()
        scene.elapse(60)
        scene.inspection = looked(["_design/b": "1-b"], failures: 7)
        #expect(scene.plan().action?.name == "reset-checkpoints")
        scene.memory.beginRescan(reason: "writes-refused", at: scene.now)
        scene.memory.rescan?.isPrepared = true
        scene.elapse(60)
        scene.copy()
        refuse(3, in: &scene)
        scene.inspection = looked(["_design/b": "1-b"], failures: 3)
        #expect(scene.pass() == ["writes-refused"])
        scene.elapse(60)
        #expect(scene.pass() == ["writes-refused"])
        #expect(scene.memory.refused == 3)
        scene.elapse(3600)
        #expect(scene.plan() == .none, "nothing has changed since the last reading")
        scene.inspection = looked([:], failures: 3)
        #expect(scene.plan().action?.name == "reset-checkpoints")
    }

    @Test("Validation functions that refuse nothing are nobody's business")
    func healthy() {
        var scene = Scene.watched()
        scene.inspection = looked(["_design/app": "1-a"])
        #expect(scene.found == [])
    }
}
