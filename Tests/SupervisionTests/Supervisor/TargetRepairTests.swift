import CouchDB
import Foundation
import Testing

@testable import CouchSim
@testable import Supervision

@Suite(.timeLimit(.minutes(5))) struct TargetRepairTests {
    private func withSettledPair(
        _ settings: Household.Settings = .init(databases: ["orders"]), otherNodes: [String] = [],
        _ body: @escaping @Sendable (Household) async throws -> Void
    ) async throws {
        try await withHousehold(otherNodes: otherNodes, settings) { home in
            home.source.makeDatabases("orders")
            try home.source.fill("orders", count: 20)
            try await home.settle()
            try await body(home)
        }
    }

    /// Puts the target back to a copy of its files, as after the restore of a volume.
    private func rollBack(_ home: Household, losing count: Int) async throws {
        let snapshot = try home.target.snapshot(of: "orders")
        try home.source.fill("orders", prefix: "lost", count: count)
        let report = try await home.checkLater()
        try #require(report.verdict == .ok)
        try await home.target.stop()
        try home.target.rollback(to: snapshot)
        try await home.target.start()
        try await home.target.scheduler.idle()
        home.clock.advance(60)
    }

    @Test("A target that was rolled back: CouchDB sees nothing, Couchkeep brings back what was lost")
    func rolledBack() async throws {
        try await withSettledPair { home in
            try await rollBack(home, losing: 7)
            try await home.target.scheduler.reaches(.running, documentID: home.documentID())
            #expect(try !home.isCopied(), "CouchDB's own comparison of the checkpoints leaves a hole")
            var report = try await home.check()
            #expect(report.done == ["orders: reset-checkpoints"])
            let finding = try #require(report.finding("target-rolled-back"))
            #expect(finding.summary.contains("7 documents are missing"))
            #expect(report.light() == .problem)
            report = try await home.checkLater()
            #expect(report.verdict == .ok, "\(report.problems)")
            #expect(try home.isCopied())
            home.forgetRequests()
            #expect(try await home.checkLater().verdict == .ok)
            #expect(home.writes == [:])
        }
    }

    @Test("Where the source keeps its checkpoint, the job is written again all the same, and the next pass ends it")
    func refusedBySource() async throws {
        try await withSettledPair { home in
            try await rollBack(home, losing: 7)
            let fault = home.source.faults.add(Fault(Fault.serverError, method: "DELETE", pathContains: "_local"))
            var report = try await home.check()
            #expect(report.repairs(.failed) == ["orders: reset-checkpoints"])
            #expect(try await home.document(home.documentID()) != nil, "a backup with a hole is better than none")
            home.source.faults.remove(fault)
            home.clock.advance(60)
            report = try await home.check()
            #expect(report.done == ["orders: reset-checkpoints"], "\(report.pairs)")
            report = try await home.checkLater()
            #expect(report.verdict == .ok, "\(report.problems)")
            #expect(try home.isCopied())
        }
    }

    @Test("Nodes that have gone away since the pass looked keep the checkpoints, and the next pass knows of them")
    func nodesAway() async throws {
        try await withSettledPair(otherNodes: ["a2@127.0.0.1", "a3@127.0.0.1"]) { home in
            try await rollBack(home, losing: 7)
            let alone =
                #"{"all_nodes":["couchdb@127.0.0.1"],"#
                + #""cluster_nodes":["a2@127.0.0.1","a3@127.0.0.1","couchdb@127.0.0.1"]}"#
            let fault = home.source.faults.add(
                Fault(.page(alone, status: 200), pathPrefix: "/_membership", after: 1))
            var report = try await home.check()
            #expect(report.repairs(.failed) == ["orders: reset-checkpoints"], "\(report.pairs)")
            #expect(try await home.checkpoint(at: home.target) != nil)
            #expect(try await home.document(home.documentID()) != nil)
            report = try await home.checkLater()
            #expect(report.done == [] && report.problems.contains("production: nodes-away"))
            home.source.faults.remove(fault)
            home.clock.advance(600)
            #expect(try await home.check().done == ["orders: reset-checkpoints"])
            #expect(try await home.checkLater().verdict == .ok)
            #expect(try home.isCopied())
        }
    }

    @Test("What a repair shows of a server is told in the same pass")
    func lookedAtAgain() async throws {
        try await withSettledPair { home in
            try await rollBack(home, losing: 7)
            // The pass looks, the reset asks, and then it looks again.
            home.source.faults.add(
                Fault(
                    .page(#"{"all_nodes":["a1"],"cluster_nodes":["a1","a2"]}"#, status: 200),
                    pathPrefix: "/_membership", after: 2))
            let report = try await home.check()
            #expect(report.done == ["orders: reset-checkpoints"])
            #expect(report.problems.contains("production: nodes-away"))
        }
    }

    @Test("A kill in the middle of it is finished by the next pass")
    func killed() async throws {
        try await withSettledPair { home in
            try await rollBack(home, losing: 7)
            // The job is stopped and the checkpoints are gone, when the document can't be written again.
            let fault = home.target.faults.add(Fault(Fault.serverError, method: "PUT", pathPrefix: "/_replicator/"))
            var report = try await home.check(isKilled: true)
            #expect(report.repairs(.failed) == ["orders: reset-checkpoints"])
            #expect(try await home.document(home.documentID()) == nil)
            #expect(try await home.checkpoint(at: home.target) == nil)
            #expect(try await home.checkpoint(at: home.source) == nil)
            home.target.faults.remove(fault)
            home.clock.advance(60)
            report = try await home.check()
            #expect(report.done == ["orders: reset-checkpoints"], "\(report.pairs)")
            report = try await home.checkLater()
            #expect(report.verdict == .ok, "\(report.problems)")
            #expect(try home.isCopied())
        }
    }

    @Test("A kill right after the intent was written is finished too")
    func killedBefore() async throws {
        try await withSettledPair { home in
            try await rollBack(home, losing: 7)
            let key = home.pair().key
            var memory = try #require(try await home.state.pairMemories()[key])
            memory.beginRescan(reason: "target-rolled-back", at: home.clock.now)
            memory.repairs.note("reset-checkpoints", at: home.clock.now)
            try await home.state.store(memory, for: key)
            home.clock.advance(60)
            let report = try await home.check()
            #expect(report.done == ["orders: reset-checkpoints"])
            #expect(try await home.checkLater().verdict == .ok)
            #expect(try home.isCopied())
        }
    }

    @Test("A second rollback after the first was mended is mended as well")
    func again() async throws {
        try await withSettledPair { home in
            for _ in 0..<2 {
                try await rollBack(home, losing: 3)
                #expect(try await home.check().done == ["orders: reset-checkpoints"])
                #expect(try await home.checkLater().verdict == .ok)
                home.clock.advance(3600)
            }
            #expect(try home.isCopied())
        }
    }

    @Test("A target that was deleted is made again and filled")
    func deleted() async throws {
        try await withSettledPair { home in
            try home.source.setSecurity(["members": ["names": ["alice"]]], of: "orders")
            try home.target.dropDatabase("orders")
            home.clock.advance(60)
            var report = try await home.check()
            #expect(report.done.first == "orders: create-target")
            report = try await home.checkLater()
            #expect(report.verdict == .ok, "\(report.problems)")
            #expect(try home.isCopied())
            // The new one is the right one from now on.
            #expect(try await home.checkLater().verdict == .ok)
        }
    }

    @Test("A target that was deleted and made anew by somebody is filled")
    func recreated() async throws {
        try await withSettledPair { home in
            try home.target.dropDatabase("orders")
            home.clock.advance(5)
            home.target.makeDatabases("orders")
            home.clock.advance(60)
            var report = try await home.check()
            #expect(report.finding("target-replaced") != nil)
            #expect(report.done == ["orders: reset-checkpoints"])
            report = try await home.checkLater()
            #expect(report.verdict == .ok, "\(report.problems)")
            #expect(try home.isCopied())
        }
    }

    @Test("Refused writes are remembered over restarts, and mended when the validation function goes")
    func refused() async throws {
        try await withSettledPair { home in
            let function: JSONValue = ["validate_doc_update": "function () {} // couchsim: forbid-if-field secret"]
            try home.target.put("_design/guard", function, in: "orders")
            for number in 1...3 { try home.source.put("s\(number)", ["secret": true], in: "orders") }
            var report = try await home.checkLater()
            #expect(report.problems == ["orders: counts-differ", "orders: writes-refused"])
            let finding = try #require(report.finding("writes-refused"))
            #expect(finding.evidence["refused"] == 3)
            #expect(finding.summary.contains("_design/guard"))
            // CouchDB's counter is gone with the server, and with the job's checkpoint even more.
            try await home.target.restart()
            for _ in 0..<3 {
                report = try await home.checkLater()
                #expect(report.finding("writes-refused")?.evidence["refused"] == 3)
                #expect(report.done == [])
            }
            try home.target.delete("_design/guard", in: "orders")
            report = try await home.checkLater()
            #expect(report.done == ["orders: reset-checkpoints"])
            report = try await home.checkLater()
            #expect(report.problems == [])
            #expect(try home.target.leaves(of: "orders").keys.contains("s1"))
            #expect(try await home.checkLater().verdict == .ok)
        }
    }

    @Test("Where Couchkeep only watches, a rollback is told and nothing is touched")
    func watched() async throws {
        try await withSettledPair { home in
            home.configure { $0.mode = .watch }
            try await rollBack(home, losing: 7)
            home.forgetRequests()
            for _ in 0..<3 {
                let report = try await home.check()
                #expect(report.problems.contains("orders: target-rolled-back"))
                #expect(report.pairs[0].repairs == [])
                home.clock.advance(3600)
            }
            #expect(home.writes == [:])
            home.configure { $0.mode = .manage }
            #expect(try await home.check().done == ["orders: reset-checkpoints"])
            #expect(try await home.checkLater().verdict == .ok)
        }
    }
}
