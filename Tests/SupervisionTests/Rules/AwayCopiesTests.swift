import CouchDB
import Foundation
import Testing

@testable import Supervision

/// What nodes that are away make of a pair goes by the copies of its own shards.
@Suite struct AwayCopiesTests {
    /// A source of which each shard has two copies.
    private func scene(away: Int) -> Scene {
        var scene = Scene()
        scene.source = .present(Scene.database(copies: 2))
        scene.sourceNodes = Scene.nodes(2, away: away)
        return scene
    }

    @Test("Where one of two copies is left, what was acknowledged is on it, and is missed when it is gone")
    func oneOfTwo() {
        var scene = scene(away: 0)
        _ = scene.pass()
        scene.sourceNodes = Scene.nodes(2, away: 1)
        scene.elapse(60)
        #expect(scene.pass() == [])
        scene.source = .present(Scene.database(documents: 600, copies: 2))
        scene.elapse(60)
        #expect(scene.pass() == [], "a copy may lag: two passes have to agree")
        scene.elapse(60)
        #expect(scene.pass() == ["source-rolled-back"])
    }

    @Test("What one copy alone has taken is not missed while the other one answers")
    func theOtherOfTwo() {
        var scene = scene(away: 0)
        _ = scene.pass()
        let before = scene.memory
        // The first is alone, and takes writes.
        scene.sourceNodes = Scene.nodes(2, away: 1)
        scene.source = .present(Scene.database(documents: 1200, copies: 2))
        scene.inspection = PairInspection()
        scene.inspection?.sourceChanges = PairMemory.NewestChanges(documents: [], purges: 0, identity: nil)
        scene.elapse(60)
        _ = scene.pass()
        #expect(scene.memory.sourceCounts == before.sourceCounts && scene.memory.sourceChanges == nil)
        // Then the other one is.
        scene.source = .present(Scene.database(copies: 2))
        scene.inspection = nil
        for _ in 0..<3 {
            scene.elapse(60)
            #expect(scene.pass() == [])
        }
    }

    @Test("A database that nodes which are away may know of is not gone", arguments: [1, 2])
    func missing(away: Int) throws {
        for side in ["source", "target"] {
            var scene = Scene.watched()
            if side == "source" {
                (scene.source, scene.sourceNodes) = (.missing, Scene.nodes(3, away: away))
            } else {
                (scene.target, scene.targetNodes) = (.missing, Scene.nodes(3, away: away))
                scene.memory.creation = .made
            }
            // More than half of the nodes know of each database.
            for _ in 0..<2 {
                #expect(scene.pass() == [away == 1 ? "\(side)-missing" : "blind"])
                scene.elapse(60)
            }
            #expect((scene.memory.evidenceFrom != nil) == (side == "target" && away == 1))
            #expect((scene.memory.creation == .made) == (side == "target" && away == 2))
            guard away == 2 else { continue }
            let summary = try #require(scene.finding("blind")).summary
            #expect(summary.hasPrefix("it seems that the \(side) does not exist, but nodes of "), "\(summary)")
            #expect(scene.plan().action == nil)
            // All are back, and none knows of it, however often they are asked.
            (scene.sourceNodes, scene.targetNodes) = (nil, nil)
            #expect(scene.pass() == [])
            scene.elapse(60)
            #expect(scene.pass() == ["\(side)-missing"])
            // What was told then stays so.
            scene.sourceNodes = Scene.nodes(3, away: 2)
            scene.targetNodes = Scene.nodes(3, away: 2)
            scene.elapse(60)
            #expect(scene.pass() == ["\(side)-missing"])
        }
    }

    @Test("A new pair's database is missing all the same")
    func neverThere() {
        var scene = Scene()
        (scene.target, scene.targetNodes) = (.missing, Scene.nodes(3, away: 2))
        #expect(scene.pass() == ["target-missing"])
    }

    @Test("While nodes are away that may have more of the source, the backup is complete until they went, and not good")
    func caughtUp() {
        var scene = Scene()
        scene.source = .present(Scene.database(copies: 3))
        _ = scene.pass()
        let before = scene.memory
        scene.sourceNodes = Scene.nodes(3, away: 2)
        for _ in 0..<2 {
            scene.elapse(60)
            #expect(scene.pass() == [])
            #expect(scene.memory.coveredUntil == before.coveredUntil && scene.memory.idleAt == nil)
        }
        #expect(scene.situation.lagSeconds == 120)
        let light = PairReport.replicating(scene.situation, memory: scene.memory, findings: [])
        #expect(light.state == .unknown && light.summary.hasPrefix("nodes of production are away (couchdb@a2, "))
        scene.sourceNodes = Scene.nodes(3, away: 1)
        scene.elapse(60)
        #expect(scene.pass() == [] && scene.memory.coveredUntil == scene.now)
        #expect(PairReport.replicating(scene.situation, memory: scene.memory, findings: []).state == .ok)
    }

    @Test(
        "A reading from the beginning is not done while either side may lack copies", arguments: ["source", "target"])
    func readingAnew(side: String) {
        var scene = Scene()
        scene.source = .present(Scene.database(copies: 3))
        scene.target = .present(Scene.database(identity: "1795000002", copies: 3))
        _ = scene.pass()
        scene.memory.beginRescan(reason: "asked", at: scene.now)
        scene.memory.rescan?.isPrepared = true
        scene.elapse(60)
        if side == "source" {
            scene.sourceNodes = Scene.nodes(3, away: 2)
        } else {
            scene.targetNodes = Scene.nodes(3, away: 2)
        }
        _ = scene.pass()
        #expect(scene.memory.isRescanning && scene.situation.isRescanning)
        (scene.sourceNodes, scene.targetNodes) = (nil, nil)
        scene.elapse(60)
        _ = scene.pass()
        #expect(!scene.memory.isRescanning)
    }

    @Test(
        "A copy that is back and lags shows no loss; one that goes on lacking what was there does", arguments: [1, 2])
    func returned(away: Int) {
        for side in ["source", "target"] {
            var scene = Scene()
            scene.source = .present(Scene.database(copies: 3))
            scene.target = .present(Scene.database(identity: "1795000002", copies: 3))
            scene.inspection = PairInspection()
            let changes = PairMemory.NewestChanges(documents: [], purges: 0, identity: "1")
            scene.inspection?.sourceChanges = changes
            scene.inspection?.targetChanges = changes
            _ = scene.pass()
            (scene.sourceNodes, scene.targetNodes) = (Scene.nodes(3, away: away), Scene.nodes(3, away: away))
            scene.elapse(60)
            #expect(scene.pass() == [])
            let whole = scene.inspection
            // It answers for the others, and has not got what it has missed.
            (scene.sourceNodes, scene.targetNodes) = (nil, nil)
            if side == "source" { scene.inspection?.lostBySource = ["a"] }
            if side == "target" { scene.inspection?.lostByTarget = ["a"] }
            scene.inspection?.sourceChanges?.purges = 1
            scene.inspection?.targetChanges?.purges = 1
            for _ in 0..<2 {
                scene.elapse(60)
                #expect(scene.pass() == [])
                let kept = side == "source" ? scene.memory.sourceChanges : scene.memory.targetChanges
                #expect(kept == changes, "it is asked for once more")
            }
            #expect(!InspectionReasons.reasons(for: scene.situation.observation, memory: scene.memory).isEmpty)
            scene.elapse(60)
            var mended = scene
            mended.inspection = whole
            #expect(mended.pass() == [])
            #expect(mended.memory.sourceSuspect == nil && mended.memory.targetSuspect == nil)
            #expect(scene.pass() == ["\(side)-rolled-back"])
        }
    }

    @Test("A node that is back may take a database for an earlier one")
    func returnedToAnEarlierOne() {
        var scene = Scene()
        scene.source = .present(Scene.database(copies: 3))
        scene.target = .present(Scene.database(identity: "1795000002", copies: 3))
        scene.sourceNodes = Scene.nodes(3, away: 1)
        scene.targetNodes = Scene.nodes(3, away: 1)
        _ = scene.pass()
        (scene.sourceNodes, scene.targetNodes) = (nil, nil)
        scene.source = .present(Scene.database(identity: "1790000001", copies: 3))
        scene.target = .present(Scene.database(identity: "1790000002", copies: 3))
        scene.elapse(60)
        var later = scene
        #expect(scene.pass() == [])
        scene.source = .present(Scene.database(copies: 3))
        scene.target = .present(Scene.database(identity: "1795000002", copies: 3))
        #expect(scene.pass() == [])
        _ = later.pass()
        #expect(later.pass() == ["source-replaced", "target-replaced"])
    }

    @Test("A side that was never seen whole is unknown, and gets its replication all the same")
    func neverWhole() throws {
        var scene = scene(away: 1)
        for _ in 0..<2 {
            #expect(scene.pass() == ["blind"])
            scene.elapse(60)
        }
        let finding = try #require(scene.finding("blind"))
        #expect(finding.summary.hasPrefix("the source was never seen whole"), "\(finding.summary)")
        #expect(finding.cause == "nodes-away @ production" && finding.next.hasPrefix("start couchdb@a2"))
        #expect(
            PairReport.replicating(scene.situation, memory: scene.memory, findings: scene.findings).state == .unknown)
        var new = scene
        new.replication = ReplicationObservation()
        #expect(new.plan().action == .createReplication)
        scene.sourceNodes = nil
        for _ in 0..<2 {
            #expect(scene.pass() == [])
            scene.elapse(60)
        }
        #expect(scene.memory.sourceSeen != nil)
    }
}
