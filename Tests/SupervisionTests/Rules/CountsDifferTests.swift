import CouchDB
import Foundation
import Testing

@testable import Supervision

@Suite struct CountsDifferTests {
    private func scene(_ source: (Int, Int), _ target: (Int, Int)) -> Scene {
        var scene = Scene()
        scene.inspection = PairInspection(
            comparableCounts: ComparableCounts(
                source: Scene.database(documents: source.0, deleted: source.1),
                target: Scene.database(documents: target.0, deleted: target.1)))
        return scene
    }

    @Test(
        "Different counts prove that something is missing, superfluous or deleted elsewhere",
        arguments: [
            ((10, 2), (9, 2), Finding.Severity.critical), ((10, 2), (10, 1), .critical), ((10, 2), (11, 2), .warning),
            ((10, 2), (11, 1), .warning), ((10, 2), (10, 3), .notice),
        ] as [((Int, Int), (Int, Int), Finding.Severity)])
    func differ(source: (Int, Int), target: (Int, Int), severity: Finding.Severity) {
        let scene = scene(source, target)
        #expect(scene.found == ["counts-differ"])
        #expect(scene.finding("counts-differ")?.severity == severity)
        #expect(scene.plan() == .none)
    }

    @Test("Equal counts, and counts that nobody could compare, are no finding")
    func equal() {
        #expect(scene((10, 2), (10, 2)).found == [])
        var scene = Scene()
        scene.target = .present(Scene.database(documents: 900, identity: "1795000002"))
        #expect(scene.found == [])
        scene.inspection = PairInspection()
        #expect(scene.found == [])
    }

    @Test("What only the backup has is a notice once all of the source was found, until there is more of it")
    func provedExtra() throws {
        var scene = scene((10, 2), (11, 2))
        #expect(scene.pass() == ["counts-differ"])
        scene.elapse(60)
        scene.proof = .equal(since: scene.now)
        scene.elapse(60)
        for _ in 0..<3 {
            let finding = try #require(scene.finding("counts-differ"))
            #expect(finding.severity == .notice && finding.next.contains("--remove-extra"))
            _ = scene.pass()
            scene.elapse(60)
        }
        scene.inspection = PairInspection(
            comparableCounts: ComparableCounts(
                source: Scene.database(documents: 10, deleted: 2), target: Scene.database(documents: 12, deleted: 2)))
        let finding = try #require(scene.finding("counts-differ"))
        #expect(finding.severity == .warning && finding.since == scene.now, "no comparison has seen it")
        // Fewer can be some of the source's that are gone.
        scene = self.scene((10, 2), (13, 2))
        _ = scene.pass()
        scene.elapse(60)
        scene.proof = .equal(since: scene.now)
        scene.inspection = PairInspection(
            comparableCounts: ComparableCounts(
                source: Scene.database(documents: 10, deleted: 2), target: Scene.database(documents: 12, deleted: 2)))
        #expect(scene.finding("counts-differ")?.severity == .warning)
    }

    @Test(
        "Nobody is told to remove what only the backup has while the source may have lost it",
        arguments: [SourceRolledBack.name, MassDeletion.name, SourceReplaced.name, ServerReplaced.name])
    func onlyCopy(rule: String) throws {
        var scene = scene((10, 2), (11, 2))
        _ = scene.pass()
        scene.elapse(60)
        scene.proof = .equal(since: scene.now)
        scene.elapse(60)
        #expect(scene.finding("counts-differ")?.next.contains("--remove-extra") == true)
        switch rule {
        case SourceRolledBack.name: scene.source = .present(Scene.database(documents: 600))
        case MassDeletion.name:
            scene.source = .present(Scene.database(documents: 500, deleted: 500, sequence: 1500))
        case SourceReplaced.name: scene.source = .present(Scene.database(identity: "1795999999"))
        default:
            scene.targetServerFindings = [
                Finding(rule: rule, severity: .critical, since: scene.now, summary: "", next: "")
            ]
        }
        #expect(rule == ServerReplaced.name || scene.found.contains(rule))
        let finding = try #require(scene.finding("counts-differ"))
        #expect(finding.severity == .notice && finding.next == "couchkeep explain counts-differ")
    }

    @Test("What is counted while so few copies are left says nothing of the others")
    func nodesAway() {
        var scene = scene((10, 2), (11, 2))
        scene.source = .present(Scene.database(copies: 3))
        for away in [2, 1] {
            scene.sourceNodes = Scene.nodes(3, away: away)
            for _ in 0..<3 {
                _ = scene.pass()
                scene.elapse(60)
            }
            #expect(scene.found == (away == 2 ? ["blind"] : ["counts-differ"]))
        }
    }

    @Test("Where the target went back or was replaced, that is the finding")
    func explained() {
        for identity in ["1795000002", "1795000009"] {
            var scene = Scene.watched()
            scene.target = .present(Scene.database(documents: 600, identity: identity))
            guard let source = scene.source.info, let target = scene.target.info else { return }
            scene.inspection = PairInspection(
                sourceLog: .known(Scene.log(1000)), targetLog: .known(Scene.log(1000)),
                comparableCounts: ComparableCounts(source: source, target: target))
            for _ in 0..<2 {
                #expect(scene.finding("counts-differ") == nil)
                #expect(scene.pass().count == 1)
            }
        }
    }

    @Test("During a reading from the beginning they differ of course")
    func rescan() {
        var scene = scene((10, 0), (5, 0))
        scene.memory.beginRescan(reason: "writes-refused", at: scene.now)
        scene.memory.rescan?.isPrepared = true
        #expect(scene.found == [])
    }
}
