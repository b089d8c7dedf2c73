import CouchDB
import Foundation
import Testing

@testable import Supervision

@Suite struct TargetRolledBackTests {
    /// A pair whose target held 1,000 documents, as remembered, with its checkpoint.
    private func remembered() -> Scene {
        var scene = Scene()
        scene.inspection = PairInspection(sourceLog: .known(Scene.log(1000)), targetLog: .known(Scene.log(1000)))
        _ = scene.pass()
        scene.elapse(60)
        scene.inspection = nil
        return scene
    }

    private func rolledBack(to documents: Int = 600) -> Scene {
        var scene = remembered()
        scene.target = .present(Scene.database(documents: documents, identity: "1795000002"))
        return scene
    }

    @Test("A target that has lost what it had changed last was put back, however far it has grown again")
    func grownAgain() throws {
        var scene = Scene.watched()
        scene.target = .present(Scene.database(documents: 1200, identity: "1795000002"))
        scene.inspection = PairInspection(
            sourceLog: .known(Scene.log(1000)), targetLog: .known(Scene.log(1000)), lostByTarget: ["a", "b"])
        #expect(scene.pass() == ["target-rolled-back"])
        let finding = try #require(scene.finding("target-rolled-back"))
        #expect(finding.evidence["lost"] == ["a", "b"])
        scene.inspection = nil
        #expect(scene.pass() == ["target-rolled-back"], "it stays told")
    }

    @Test("Fewer documents than before, without a purge")
    func counts() throws {
        let scene = rolledBack()
        #expect(scene.found == ["target-rolled-back"])
        let finding = try #require(scene.finding("target-rolled-back"))
        #expect(finding.severity == .critical)
        #expect(finding.summary.contains("400 documents are missing"))
        #expect(scene.plan().action == .resetCheckpoints(documentID: scene.desired.documentID, base: Scene.base))
    }

    @Test("The sequence's number went back, where there is one copy of each shard")
    func sequence() {
        var scene = remembered()
        scene.target = .present(Scene.database(documents: 1000, sequence: 900, identity: "1795000002"))
        #expect(scene.found == ["target-rolled-back"])
        // On a cluster the number is a sum over whatever copies answered.
        scene = remembered()
        scene.memory.targetCounts?.copies = 3
        scene.target = .present(Scene.database(documents: 1000, sequence: 900, identity: "1795000002", copies: 3))
        #expect(scene.found == [])
    }

    @Test("A checkpoint with an older revision than before")
    func checkpoint() {
        var scene = remembered()
        scene.inspection = PairInspection(
            sourceLog: .known(Scene.log(1000)), targetLog: .known(Scene.log(700, revision: 3)))
        #expect(scene.found == ["target-rolled-back"])
        // Another replication id has another checkpoint.
        scene.replication.documents[0].job = scene.job(scene.ownDocument.id, base: "9999")
        #expect(scene.finding("target-rolled-back") == nil)
    }

    @Test("Both checkpoints of one session, and the target's is the older")
    func sessions() {
        var scene = Scene()
        scene.inspection = PairInspection(
            sourceLog: .known(Scene.log(1000)), targetLog: .known(Scene.log(700)), pendingAfterSourceLog: 0,
            pendingAfterTargetLog: 300)
        #expect(scene.pass() == [], "a running job writes one checkpoint before the other")
        scene.elapse(60)
        #expect(scene.found == ["target-rolled-back"])
        // Which is older could not be asked, or they are of different sessions.
        scene.inspection?.pendingAfterTargetLog = nil
        #expect(scene.found == [])
        scene.inspection?.pendingAfterTargetLog = 300
        scene.inspection?.targetLog = .known(Scene.log(700, session: "s2"))
        #expect(scene.found == [])
    }

    @Test("A checkpoint that a job leaves as it is tells nothing anew once a comparison has found everything")
    func settled() {
        var scene = Scene()
        scene.inspection = PairInspection(
            sourceLog: .known(Scene.log(1000)), targetLog: .known(Scene.log(700)), pendingAfterSourceLog: 0,
            pendingAfterTargetLog: 300)
        _ = scene.pass()
        scene.elapse(60)
        #expect(scene.pass() == ["target-rolled-back"])
        scene.elapse(60)
        scene.proof = .equal(since: scene.now)
        for _ in 0..<3 {
            #expect(scene.pass() == [])
            scene.elapse(60)
        }
        // It has moved, and is there again.
        let older = scene.inspection
        scene.inspection = PairInspection(sourceLog: .known(Scene.log(1000)), targetLog: .known(Scene.log(1000)))
        #expect(scene.pass() == [])
        scene.inspection = older
        scene.elapse(60)
        #expect(scene.pass() == [], "a running job writes one checkpoint before the other")
        scene.elapse(60)
        #expect(scene.pass() == ["target-rolled-back"])
    }

    @Test("Where there are several copies, an older checkpoint counts only where documents are missing")
    func otherCopies() {
        var scene = Scene()
        func cluster(_ documents: Int) -> DatabaseObservation {
            .present(Scene.database(documents: documents, identity: "1795000002", copies: 3))
        }
        scene.target = cluster(1000)
        scene.inspection = PairInspection(sourceLog: .known(Scene.log(1000)), targetLog: .known(Scene.log(1000)))
        _ = scene.pass()
        scene.inspection = PairInspection(
            sourceLog: .known(Scene.log(1000)), targetLog: .known(Scene.log(700, revision: 4)),
            pendingAfterSourceLog: 0, pendingAfterTargetLog: 300)
        for _ in 0..<3 {
            scene.elapse(60)
            #expect(scene.pass() == [])
        }
        // A target that was put back before anybody looked.
        scene.memory.targetCounts = nil
        scene.target = cluster(900)
        scene.elapse(60)
        #expect(scene.found == [], "one pass may have met a copy that lags")
        scene.memory.countsSuspect = scene.now
        #expect(scene.found == ["target-rolled-back"])
    }

    @Test("What was missing while the checkpoints agreed makes an older one no proof; what is missing besides does")
    func missingBefore() {
        var scene = Scene()
        func lack(_ count: Int) {
            let target = Scene.database(documents: 1000 - count, identity: "1795000002", copies: 3)
            scene.target = .present(target)
            scene.inspection?.comparableCounts = ComparableCounts(source: Scene.database(), target: target)
        }
        scene.inspection = PairInspection(sourceLog: .known(Scene.log(1000)), targetLog: .known(Scene.log(1000)))
        lack(100)
        #expect(scene.pass() == [])
        scene.elapse(60)
        #expect(scene.pass() == ["counts-differ"])
        // A copy that was away has an older checkpoint.
        scene.inspection?.targetLog = .known(Scene.log(700, revision: 4))
        scene.inspection?.pendingAfterSourceLog = 0
        scene.inspection?.pendingAfterTargetLog = 300
        for _ in 0..<3 {
            scene.elapse(60)
            #expect(scene.pass() == ["counts-differ"])
        }
        lack(150)
        scene.elapse(60)
        #expect(scene.pass() == ["target-rolled-back"])
    }

    /// A target of which each shard has three copies, as remembered, that has lost documents.
    private func cluster(away: Int, identity: String = "1795000002") -> Scene {
        var scene = Scene()
        scene.target = .present(Scene.database(identity: "1795000002", copies: 3))
        _ = scene.pass()
        scene.elapse(60)
        scene.target = .present(Scene.database(documents: 600, identity: identity, copies: 3))
        if away > 0 { scene.targetNodes = Scene.nodes(3, away: away) }
        return scene
    }

    @Test(
        "While nodes are away that may have what it lacks, it is unknown and its checkpoints stay", arguments: [0, 2])
    func nodesAway(away: Int) throws {
        var scene = cluster(away: away)
        for _ in 0..<2 {
            scene.elapse(60)
            _ = scene.pass()
        }
        #expect(scene.found == [away == 0 ? "target-rolled-back" : "blind"])
        #expect((scene.plan().action?.name == "reset-checkpoints") == (away == 0))
        #expect(scene.memory.latches.isEmpty == (away == 2))
        scene = cluster(away: away, identity: "1795000009")
        #expect(scene.pass() == [away == 0 ? "target-replaced" : "blind"])
        #expect(scene.memory.targetIdentity == "1795000002")
    }

    @Test("What was found before they went away is mended when they are back: they would bring the checkpoints back")
    func resetWaitsForNodes() {
        var scene = cluster(away: 0)
        for _ in 0..<2 {
            scene.elapse(60)
            _ = scene.pass()
        }
        scene.targetNodes = Scene.nodes(3, away: 2)
        #expect(scene.found == ["target-rolled-back"])
        #expect(scene.plan().obstacle?.contains("nodes of standby are away (couchdb@a2, couchdb@a3)") == true)
        scene.targetNodes = Scene.nodes(3, away: 1)
        #expect(scene.plan().action?.name == "reset-checkpoints", "enough copies are left")
        // A pair is not without a replication meanwhile.
        scene.targetNodes = Scene.nodes(3, away: 2)
        scene.memory.beginRescan(reason: "target-rolled-back", at: scene.now)
        scene.replication = ReplicationObservation()
        #expect(scene.plan().action == .createReplication)
    }

    @Test("However long a checkpoint is half written by the process that runs, that is no rollback")
    func halfWritten() throws {
        let began = "Sat, 28 Nov 2026 09:00:00 GMT"
        let start = try #require(Scene.log(1000, began: began).history.first?.startTime)
        var scene = Scene()
        scene.inspection = PairInspection(
            sourceLog: .known(Scene.log(1000, began: began)), targetLog: .known(Scene.log(700, began: began)),
            pendingAfterSourceLog: 0, pendingAfterTargetLog: 300)
        scene.replication.documents[0].task?.startedOn = start.addingTimeInterval(1)
        for _ in 0..<3 {
            #expect(scene.pass() == [])
            scene.elapse(3600)
        }
        // Another process runs by now, and goes on from the source's.
        scene.replication.documents[0].task?.startedOn = start.addingTimeInterval(600)
        #expect(scene.found == ["target-rolled-back"])
    }

    @Test("A compaction, a purge, deletions and jittering copies are no rollback")
    func healthy() {
        var scene = remembered()
        var compacted = Scene.database(identity: "1795000002")
        compacted.fileSize = 10
        scene.target = .present(compacted)
        #expect(scene.pass() == [])
        scene.target = .present(Scene.database(documents: 600, identity: "1795000002", purges: "400-g1BBB"))
        #expect(scene.pass() == [])
        scene = remembered()
        // Deleted documents leave tombstones, so the sum stays.
        scene.source = .present(Scene.database(documents: 600, deleted: 400, sequence: 1400))
        scene.target = .present(Scene.database(documents: 600, deleted: 400, sequence: 1400, identity: "1795000002"))
        #expect(scene.pass() == ["mass-deletion"])
        // Another copy of a shard answers, which lags: its purge sequence names other nodes.
        scene = remembered()
        scene.memory.targetCounts?.copies = 3
        scene.target = .present(
            Scene.database(documents: 990, identity: "1795000002", copies: 3, purges: "0-g1CCC"))
        #expect(scene.pass() == [])
    }

    @Test("A database made anew is another rule's")
    func replaced() {
        var scene = remembered()
        scene.target = .present(Scene.database(documents: 10, identity: "1795999999"))
        #expect(scene.found == ["target-replaced"])
    }

    @Test("The finding lasts until the reading from the beginning is done")
    func latch() throws {
        var scene = rolledBack()
        #expect(scene.pass() == ["target-rolled-back"])
        let since = scene.now
        scene.memory.beginRescan(reason: "target-rolled-back", at: scene.now)
        // A kill in between: it is finished before anything else.
        scene.elapse(60)
        #expect(scene.plan().action?.name == "reset-checkpoints")
        scene.memory.rescan?.isPrepared = true
        scene.progress = .known(ReplicationProgress(checkpoint: .zero, pending: 1000))
        #expect(scene.pass() == ["target-rolled-back"])
        #expect(scene.plan() == .none)
        scene.elapse(60)
        scene.progress = .known(ReplicationProgress(checkpoint: Scene.sequence(700), pending: 300))
        #expect(scene.pass() == ["target-rolled-back"])
        scene.elapse(60)
        // A pass that can't look ends nothing.
        scene.progress = .unknown(CouchError(.timeout, "too late"))
        #expect(scene.pass().contains("target-rolled-back"))
        #expect(try #require(scene.finding("target-rolled-back")).since == since)
        scene.elapse(60)
        scene.copy()
        #expect(scene.pass() == [])
        scene.elapse(60)
        #expect(scene.pass() == [])
    }

    @Test("A reading that is done, and yet documents are missing, ends nothing")
    func stillMissing() {
        var scene = rolledBack()
        _ = scene.pass()
        scene.memory.beginRescan(reason: "target-rolled-back", at: scene.now)
        scene.memory.rescan?.isPrepared = true
        scene.elapse(60)
        guard let source = scene.source.info, let target = scene.target.info else { return }
        scene.inspection = PairInspection(comparableCounts: ComparableCounts(source: source, target: target))
        #expect(scene.pass() == ["target-rolled-back"])
    }

    @Test("Somebody who mends it by hand ends the finding too, with equal counts")
    func mendedByHand() {
        var scene = rolledBack()
        scene.pair.mode = .watch
        _ = scene.pass()
        scene.elapse(60)
        scene.copy()
        #expect(scene.pass() == ["target-rolled-back"], "nobody has compared the counts")
        guard let source = scene.source.info, let target = scene.target.info else { return }
        scene.inspection = PairInspection(
            sourceLog: .known(Scene.log(1000)), targetLog: .known(Scene.log(1000)),
            comparableCounts: ComparableCounts(source: source, target: target))
        #expect(scene.pass() == [])
    }

    @Test("A second rollback, soon after the first was mended, is found")
    func again() {
        var scene = rolledBack()
        _ = scene.pass()
        scene.memory.beginRescan(reason: "target-rolled-back", at: scene.now)
        scene.memory.rescan?.isPrepared = true
        scene.elapse(60)
        scene.copy()
        #expect(scene.pass() == [])
        scene.elapse(60)
        scene.target = .present(Scene.database(documents: 500, identity: "1795000002"))
        #expect(scene.pass() == ["target-rolled-back"])
        #expect(scene.plan().action?.name == "reset-checkpoints")
        scene.elapse(60)
        #expect(scene.pass() == ["target-rolled-back"])
    }

    @Test("An empty source is read in no time")
    func empty() {
        var scene = Scene()
        scene.source = .present(Scene.database(documents: 0))
        scene.target = .present(Scene.database(documents: 0, deleted: 3, identity: "1795000002"))
        scene.progress = .known(ReplicationProgress(checkpoint: .zero, pending: 0))
        _ = scene.pass()
        scene.target = .present(Scene.database(documents: 0, identity: "1795000002"))
        scene.elapse(60)
        #expect(scene.pass() == ["target-rolled-back"])
        scene.memory.beginRescan(reason: "target-rolled-back", at: scene.now)
        scene.memory.rescan?.isPrepared = true
        scene.elapse(60)
        #expect(scene.pass() == [])
    }
}
