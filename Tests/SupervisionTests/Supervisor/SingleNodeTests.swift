import CouchDB
import Foundation
import Testing

@testable import CouchSim
@testable import Supervision

/// What CouchDB 1.x alone does.
@Suite(.timeLimit(.minutes(5))) struct SingleNodeTests {
    private static let version = ServerVersion(1, 7, 1)

    /// A pair of two 1.x servers, or of a 1.x source and a later target, with everything copied.
    private func withSettledPair(
        isTargetOld: Bool = true, _ body: @escaping @Sendable (Household) async throws -> Void
    ) async throws {
        try await withHousehold(
            sourceVersion: Self.version, targetVersion: isTargetOld ? Self.version : ServerVersion(3, 5)
        ) { home in
            home.source.makeDatabases("orders")
            try home.source.fill("orders", count: 20)
            try await home.settle()
            try await body(home)
        }
    }

    @Test(
        "What raises update_seq without a change leaves nothing to copy, and hides no counts", arguments: [true, false])
    func withoutRow(isTargetOld: Bool) async throws {
        try await withSettledPair(isTargetOld: isTargetOld) { home in
            for server in [home.source, home.target] {
                try server.setSecurity(["members": ["names": ["alice"], "roles": []]], of: "orders")
            }
            var report = try await home.checkLater(after: 24 * 3600)
            #expect(report.problems == [], "\(report.pairs)")
            #expect(report.pairs[0].lag == Lag(changes: 0, seconds: 0))
            try home.target.put("somebody's own", in: "orders")
            report = try await home.checkLater()
            #expect(report.problems == ["orders: counts-differ"])
        }
    }

    @Test("An empty source whose _security was set is read from the beginning to its end")
    func emptySource() {
        var scene = Scene()
        var info = Scene.database(documents: 0, sequence: 1)
        (info.q, info.n) = (nil, nil)
        scene.source = .present(info)
        scene.memory.beginRescan(reason: "target-rolled-back", at: scene.now)
        scene.memory.finish(.resetCheckpoints(documentID: "x", base: Scene.base), at: scene.now)
        scene.progress = .known(ReplicationProgress(checkpoint: .zero, pending: 0))
        scene.elapse(60)
        _ = scene.pass()
        #expect(!scene.memory.isRescanning)
    }

    @Test("A replication that was started is deleted and written anew, since nobody may change it")
    func startedReplication() async throws {
        try await withSettledPair { home in
            var document = try #require(try await home.document(home.documentID())).membersForRestart()
            document["doc_ids"] = ["document-1"]
            document["worker_processes"] = 2
            try home.target.put(home.documentID(), .object(document), in: "_replicator")
            try await home.target.scheduler.idle()
            #expect(try await home.document(home.documentID())?.recordedState == .triggered)
            try home.source.fill("orders", prefix: "later", count: 3)
            let report = try await home.check()
            #expect(report.done == ["orders: rewrite-replication"], "\(report.pairs)")
            #expect(try await home.checkLater().verdict == .ok)
            #expect(try home.isCopied())
            let rewritten = try #require(try await home.document(home.documentID()))
            #expect(rewritten.partialOptions == [])
            #expect(rewritten.members["worker_processes"] == 2)
        }
    }

    @Test("A job is waited for longer than another one may hold it up")
    func patience() {
        let old = RepairPacing.standard.attempts(untilGoneFrom: ServerInfo(version: Self.version, uuid: nil))
        let new = RepairPacing.standard.attempts(untilGoneFrom: ServerInfo(version: ServerVersion(3, 5), uuid: nil))
        // Of half a second each.
        #expect(old >= 2 * 60 && new == 60)
    }

    @Test("A kill between the deletion and the new document leaves no pair without a replication")
    func killedBetween() async throws {
        try await withHousehold(sourceVersion: Self.version, targetVersion: Self.version) { home in
            for server in [home.source, home.target] { server.makeDatabases("orders") }
            try home.source.fill("orders", count: 20)
            try home.target.put("nightly", home.handwritten(), in: "_replicator")
            try await home.target.scheduler.idle()
            #expect(try await home.check().verdict == .ok)
            let fault = home.target.faults.add(Fault(Fault.serverError, method: "PUT", pathPrefix: "/_replicator/"))
            var report = try await home.check(PassOptions(adopts: true), isKilled: true)
            #expect(report.repairs(.failed) == ["orders: rewrite-replication"])
            #expect(try await home.document("nightly") == nil)
            home.target.faults.remove(fault)
            home.clock.advance(60)
            report = try await home.check()
            #expect(report.done == ["orders: create-replication"], "\(report.pairs)")
            #expect(try await home.checkLater().verdict == .ok)
            #expect(try home.isCopied())
        }
    }

    @Test("A restart of both servers is none, and a source that was made anew is told, however much it holds")
    func recreatedSource() async throws {
        try await withSettledPair { home in
            for server in [home.source, home.target] { try await server.restart() }
            var report = try await home.checkLater()
            #expect(report.verdict == .ok, "\(report.problems)")
            try home.source.dropDatabase("orders")
            home.source.makeDatabases("orders")
            try home.source.fill("orders", prefix: "new", count: 30)
            // The job finds no checkpoint at the source any more, and mixes both.
            try await home.target.restart()
            report = try await home.checkLater()
            #expect(try home.target.documentCount(of: "orders") == 50)
            let finding = try #require(report.finding("source-rolled-back"), "\(report.problems)")
            #expect(finding.severity == .critical)
            #expect(finding.evidence["shownBy"] == "the source no longer has what it had changed last")
            #expect(report.done == [])
        }
    }
}
