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

    @Test("It ends with a comparison that began later and found the same on both sides, and with no other")
    func provedWhole() throws {
        var scene = rolledBack()
        #expect(scene.pass() == ["source-rolled-back"])
        #expect(try #require(scene.finding("source-rolled-back")).next.contains("couchkeep verify orders"))
        let seen = scene.now
        scene.elapse(60)
        scene.proof = .equal(since: scene.now)
        #expect(scene.pass() == ["source-rolled-back"], "the backup may hold more")
        scene.equalSince = seen.addingTimeInterval(-1)
        #expect(scene.pass() == ["source-rolled-back"], "it began before the source went back")
        // It goes back once more.
        scene.equalSince = scene.now
        scene.elapse(60)
        scene.inspection = PairInspection(
            sourceLog: .known(Scene.log(1000)), targetLog: .known(Scene.log(1000)), lostBySource: ["a"])
        scene.inspection?.sourceChanges = PairMemory.NewestChanges(documents: [], purges: 0, identity: "1795000001")
        #expect(scene.pass() == ["source-rolled-back"])
        scene.inspection?.lostBySource = []
        scene.elapse(60)
        #expect(scene.pass() == ["source-rolled-back"], "of that the comparison knows nothing")
        scene.equalSince = scene.now
        let asked = scene.inspection
        for unasked in [nil, PairInspection(sourceLog: .known(Scene.log(1000)), targetLog: .known(Scene.log(1000)))] {
            scene.inspection = unasked
            #expect(scene.pass() == ["source-rolled-back"], "nobody could ask whether it has lost more since")
        }
        scene.inspection = asked
        for _ in 0..<2 {
            scene.elapse(60)
            #expect(scene.pass() == ["source-rolled-back"], "it had more than the backup ever got")
            let told = try #require(scene.finding("source-rolled-back"))
            #expect(told.summary.contains("400 documents fewer than before, which no replication had copied yet"))
            #expect(told.next.contains("--adopt"))
        }
        scene.source = .present(Scene.database(documents: 1000))
        for _ in 0..<2 {
            scene.elapse(60)
            #expect(scene.pass() == [], "what was found whole is what later passes compare with")
        }
        scene.source = .present(Scene.database(documents: 500))
        scene.elapse(60)
        #expect(scene.pass() == ["source-rolled-back"])
    }

    @Test("What was purged since is not counted as lost")
    func purged() {
        for (purges, found) in [("0-g1AAA", ["source-rolled-back"]), ("5-g1AAA", [])] {
            var scene = rolledBack()
            #expect(scene.pass() == ["source-rolled-back"])
            scene.elapse(60)
            scene.equalSince = scene.now
            scene.inspection = PairInspection(
                sourceLog: .known(Scene.log(1000)), targetLog: .known(Scene.log(1000)))
            scene.inspection?.sourceChanges = PairMemory.NewestChanges(documents: [], purges: 0, identity: "1795000001")
            scene.source = .present(Scene.database(documents: 995, purges: purges))
            #expect(scene.pass() == found)
        }
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

    @Test(
        "A checkpoint that a job leaves as it is tells nothing anew once the source is whole, or accepted",
        arguments: [true, false])
    func settled(isAccepted: Bool) {
        var scene = Scene()
        func look(_ source: Int, _ target: Int) {
            scene.inspection = PairInspection(
                sourceLog: .known(Scene.log(source)), targetLog: .known(Scene.log(target)),
                pendingAfterSourceLog: target - source, pendingAfterTargetLog: 0)
            scene.inspection?.sourceChanges = PairMemory.NewestChanges(documents: [], purges: 0, identity: nil)
        }
        look(700, 1000)
        _ = scene.pass()
        scene.elapse(60)
        #expect(scene.pass() == ["source-rolled-back"])
        if isAccepted { scene.memory.acceptSource() } else { scene.equalSince = scene.now }
        for _ in 0..<3 {
            scene.elapse(60)
            #expect(scene.pass() == [])
        }
        look(800, 1100)
        _ = scene.pass()
        scene.elapse(60)
        #expect(scene.pass() == ["source-rolled-back"])
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
        #expect(cluster.pass() == [], "a copy may lag: two passes have to agree")
        cluster.elapse(60)
        #expect(cluster.pass() == ["source-rolled-back"])
    }

    /// A source of which each shard has three copies, looked at once, with nodes away since.
    private func cluster(away: Int, documents: Int = 1000, identity: String = "1795000001") -> Scene {
        var scene = Scene()
        scene.source = .present(Scene.database(copies: 3))
        _ = scene.pass()
        scene.elapse(60)
        scene.source = .present(Scene.database(documents: documents, identity: identity, copies: 3))
        if away > 0 { scene.sourceNodes = Scene.nodes(3, away: away) }
        return scene
    }

    @Test(
        "What nodes that are away may have is not lost: it is unknown until they are back, and then found all the same")
    func nodesAway() throws {
        var scene = cluster(away: 2, documents: 600)
        for _ in 0..<3 {
            #expect(scene.pass() == ["blind"])
            scene.elapse(60)
        }
        let finding = try #require(scene.finding("blind"))
        #expect(
            finding.summary.hasPrefix("it seems that the source is in an older state, but nodes of production are away")
        )
        #expect(finding.summary.contains("couchdb@a2, couchdb@a3") && finding.next.contains("couchdb@a2, couchdb@a3"))
        #expect(finding.cause == "nodes-away @ production" && !finding.isProblem)
        #expect(
            PairReport.replicating(scene.situation, memory: scene.memory, findings: scene.findings).state == .unknown)
        #expect(scene.memory.latches.isEmpty && scene.memory.sourceEvidenceFrom == nil)
        var held = scene
        held.replication = ReplicationObservation()
        #expect(held.plan().obstacle?.contains("nodes of production are away") == true)
        // They are back with everything.
        var whole = scene
        whole.sourceNodes = nil
        whole.source = .present(Scene.database(copies: 3))
        #expect(whole.pass() == [])
        // They are back, and have no more than the one that was there.
        scene.sourceNodes = nil
        for _ in 0..<2 {
            #expect(scene.pass() == [], "what is back may lag: two passes after it have to agree")
            scene.elapse(60)
        }
        #expect(scene.pass() == ["source-rolled-back"])
    }

    @Test(
        "What has changed last is not lost with nodes that are away, unless enough copies are left", arguments: [1, 2])
    func lostWithNodes(away: Int) {
        var scene = cluster(away: away)
        scene.inspection = PairInspection(
            sourceLog: .known(Scene.log(1000)), targetLog: .known(Scene.log(1000)), lostBySource: ["a"])
        scene.inspection?.sourceChanges = PairMemory.NewestChanges(
            documents: [ChangedDocument(id: "b", revisions: ["1-b"])], purges: 0, identity: "1795000001")
        #expect(scene.pass() == (away == 1 ? [] : ["blind"]))
        scene.elapse(60)
        // A quorum of the copies has what was acknowledged.
        #expect(scene.pass() == (away == 1 ? ["source-rolled-back"] : ["blind"]))
        #expect((scene.memory.sourceChanges == nil) == (away == 2), "it is compared with when they are back")
        // One copy of each shard is there, or the database would not answer.
        scene = Scene.watched()
        scene.sourceNodes = Scene.nodes(3, away: away)
        scene.source = .present(Scene.database(documents: 600))
        #expect(scene.pass() == ["source-rolled-back"])
    }

    @Test("What was told before nodes went away stays told")
    func latchedBeforeNodesWent() {
        var scene = rolledBack()
        #expect(scene.pass() == ["source-rolled-back"])
        scene.source = .present(Scene.database(documents: 600, copies: 3))
        scene.sourceNodes = Scene.nodes(3, away: 2)
        scene.elapse(60)
        #expect(scene.pass() == ["source-rolled-back"])
    }

    @Test("An old node that is alone may take the database for an earlier one", arguments: [0, 2])
    func replaced(away: Int) {
        var scene = cluster(away: away, identity: "1790000000")
        for _ in 0..<2 {
            #expect(scene.pass() == (away == 0 ? ["source-replaced"] : ["blind"]))
            #expect(scene.memory.sourceIdentity == "1795000001")
            scene.elapse(60)
        }
        scene.sourceNodes = nil
        scene.source = .present(Scene.database(copies: 3))
        #expect(scene.pass() == [])
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
