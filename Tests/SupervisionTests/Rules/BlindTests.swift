import CouchDB
import Foundation
import Testing

@testable import Supervision

@Suite struct BlindTests {
    static let refused = CouchError(.unreachable, "connection refused")

    @Test("Each side, the lists and the lag may be unseen")
    func unseen() throws {
        var scene = Scene.watched()
        scene.source = .unknown(Self.refused)
        #expect(scene.found == ["blind"])
        scene = .watched()
        scene.target = .unknown(Self.refused)
        #expect(scene.found == ["blind"])
        scene = .watched()
        scene.replicationError = CouchError(.forbidden, "you are not a server admin")
        #expect(scene.found == ["blind"])
        #expect(try #require(scene.finding("blind")).next.contains("server admin"))
        scene.replicationError = CouchError(.forbidden, "no", reason: "Account is temporarily locked")
        #expect(try #require(scene.finding("blind")).next == AccountLock.remedy)
        scene = .watched()
        scene.progress = .unknown(CouchError(.timeout, "too late"))
        #expect(scene.found == ["blind"])
    }

    @Test("A lag that the source can't count is unseen")
    func null() throws {
        var scene = Scene.watched()
        scene.progress = .known(ReplicationProgress(checkpoint: Scene.sequence(1000), pending: nil))
        #expect(scene.found == ["blind"])
        #expect(try #require(scene.finding("blind")).summary.contains("the lag"))
    }

    @Test("The light is unknown, never good, unless something known is wrong")
    func light() {
        var scene = Scene.watched()
        func state() -> Light.State {
            PairReport.replicating(scene.situation, memory: scene.memory, findings: scene.findings).state
        }
        #expect(state() == .ok)
        scene.target = .unknown(Self.refused)
        #expect(state() == .unknown)
        scene.source = .missing
        #expect(state() == .problem)
    }

    @Test("A lag that can't be known for want of a job is the job's matter")
    func noJob() {
        var scene = Scene.watched()
        scene.replication = ReplicationObservation()
        scene.progress = .unknown(CouchError(.notFound, "there is no replication"))
        #expect(scene.found == ["replication-missing"])
    }

    @Test("A server that can't be reached explains it, and nothing is repaired meanwhile")
    func cause() {
        var scene = Scene.watched()
        scene.source = .unknown(Self.refused)
        scene.sourceServerFindings = [
            Finding(rule: "server-unreachable", severity: .critical, since: scene.now, summary: "", next: "")
        ]
        scene.replication.documents = [scene.resting(scene.ownDocument, .failed, error: "x")]
        #expect(scene.found == ["blind", "replication-failed"])
        #expect(scene.finding("blind")?.cause == "server-unreachable @ production")
        #expect(scene.plan().obstacle?.contains("could not be looked at") == true)
    }

    @Test("What nodes that are away keep from being seen names them as its cause and its next step")
    func nodesAway() throws {
        var scene = Scene.watched()
        let nodes = try #require(Scene.nodesAway(Scene.nodes(3, away: 2), at: "production", since: scene.now))
        scene.sourceServerFindings = [nodes]
        #expect(scene.found == [], "what is seen all the same is seen")
        let down = CouchError(.serverError, "500", status: 500, error: "nodedown", reason: "progress not possible")
        scene.source = .unknown(down)
        let finding = try #require(scene.finding("blind"))
        #expect(finding.cause == "nodes-away @ production" && finding.next == nodes.next)
        #expect(finding.next.contains("couchdb@a2, couchdb@a3"))
        // Those of the other side explain nothing here.
        (scene.sourceServerFindings, scene.targetServerFindings) = ([], [nodes])
        let other = try #require(scene.finding("blind"))
        #expect(other.cause == nil && other.next == "couchkeep explain nodes-away")
        // Nor do any explain a login that is refused.
        scene.sourceServerFindings = [nodes]
        scene.source = .unknown(CouchError(.forbidden, "no"))
        #expect(try #require(scene.finding("blind")).cause == nil)
        // The jobs of the nodes that run them are hidden with them.
        scene = .watched()
        scene.targetServerFindings = [nodes]
        scene.replicationError = CouchError(.unreachable, "the cluster's nodes are down; their jobs are not listed")
        #expect(try #require(scene.finding("blind")).cause == "nodes-away @ standby")
    }

    @Test("Being blind forgets nothing")
    func memory() {
        var scene = Scene.watched()
        scene.write(10)
        _ = scene.pass()
        let before = scene.memory
        scene.elapse(60)
        scene.source = .unknown(Self.refused)
        scene.target = .unknown(Self.refused)
        scene.replicationError = Self.refused
        scene.progress = .unknown(Self.refused)
        #expect(scene.pass() == ["blind"])
        var after = scene.memory
        #expect(after.blindSince == scene.now)
        (after.blindSince, after.lastPass, after.findingsSince) = (nil, before.lastPass, before.findingsSince)
        #expect(after == before)
    }
}
