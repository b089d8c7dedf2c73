import CouchDB
import Foundation
import Secrets
import Synchronization
import Testing

@testable import CouchSim
@testable import Supervision

/// Where a repair could destroy the only good copy, people decide.
@Suite(.timeLimit(.minutes(5))) struct HeldRepairTests {
    @Test("A source that was made anew is held until --adopt")
    func sourceReplaced() async throws {
        try await withSettledPair(count: 20) { home in
            // First, so that the job can't copy anything of the new source.
            try home.target.delete(home.documentID(), in: "_replicator")
            try await home.target.scheduler.forgets(home.documentID())
            try home.source.dropDatabase("orders")
            home.clock.advance(5)
            home.source.makeDatabases("orders")
            try home.source.fill("orders", prefix: "new", count: 2)
            home.clock.advance(60)
            home.forgetRequests()
            for _ in 0..<3 {
                let report = try await home.check()
                #expect(report.finding("source-replaced") != nil)
                #expect(report.repairs(.planned) == ["orders: create-replication"])
                #expect(report.pairs[0].repairs[0].detail.contains("only copy"))
                home.clock.advance(3600)
            }
            #expect(home.writes == [:])
            #expect(try home.target.documentCount(of: "orders") == 20)
            let held = try await home.check(PassOptions(adopts: true, adoptsOnly: ["invoices"]))
            #expect(held.finding("source-replaced")?.next.hasSuffix("--adopt --only orders") == true)
            #expect(held.done == [])
            let plan = try await home.check(PassOptions(isDryRun: true, adopts: true))
            #expect(plan.repairs(.planned) == ["orders: accept", "orders: create-replication"])
            let report = try await home.check(PassOptions(adopts: true, adoptsOnly: ["orders"]))
            #expect(report.finding("source-replaced") == nil)
            #expect(report.done == ["orders: accept", "orders: create-replication"])
            let later = try await home.checkLater()
            #expect(later.finding("source-replaced") == nil)
            // The old documents are still there, and that is said.
            #expect(later.problems == ["orders: counts-differ"])
            #expect(later.finding("counts-differ")?.severity == .warning)
        }
    }

    @Test("A source that was put back is held until --adopt")
    func sourceRolledBack() async throws {
        try await withSettledPair(count: 20) { home in
            let snapshot = try home.source.snapshot(of: "orders")
            try home.source.fill("orders", prefix: "lost", count: 5)
            try #require(try await home.checkLater().verdict == .ok)
            try await home.source.stop()
            try home.source.rollback(to: snapshot)
            try await home.source.start()
            home.clock.advance(60)
            home.forgetRequests()
            for _ in 0..<3 {
                let report = try await home.check()
                #expect(report.finding("source-rolled-back") != nil)
                #expect(report.done == [])
                home.clock.advance(3600)
            }
            #expect(home.writes == [:])
            #expect(try home.target.documentCount(of: "orders") == 25)
            var report = try await home.check(PassOptions(adopts: true))
            #expect(report.finding("source-rolled-back") == nil)
            try await home.target.scheduler.caughtUp(home.documentID())
            report = try await home.checkLater()
            #expect(report.finding("source-rolled-back") == nil)
        }
    }

    @Test("Another server at the source's address is held until --adopt")
    func serverReplaced() async throws {
        try await withSettledPair(count: 20) { home in
            // The same databases under another uuid, as after a new installation from a copy.
            var memory = try #require(try await home.state.serverMemories()["production"])
            memory.uuid = "another"
            try await home.state.store(
                pairs: [:], servers: ["production": memory], report: try #require(try await home.state.lastReport()))
            try home.target.delete(home.documentID(), in: "_replicator")
            try await home.target.scheduler.forgets(home.documentID())
            home.forgetRequests()
            for _ in 0..<2 {
                let report = try await home.check()
                #expect(report.problems.contains("production: server-replaced"))
                #expect(report.repairs(.planned) == ["orders: create-replication"])
                #expect(report.done == [])
                home.clock.advance(3600)
            }
            #expect(home.writes == [:])
            let held = try await home.check(PassOptions(adopts: true, adoptsOnly: ["orders"]))
            #expect(held.problems.contains("production: server-replaced"))
            var report = try await home.check(PassOptions(adopts: true, adoptsOnly: ["production"]))
            #expect(report.done == ["orders: accept", "orders: create-replication"])
            report = try await home.checkLater()
            #expect(report.verdict == .ok, "\(report.problems)")
        }
    }

    @Test("A source that vanished stays reported, and its backup stays")
    func vanished() async throws {
        try await withHousehold(.init(databases: nil)) { home in
            home.source.makeDatabases("invoices", "orders")
            try home.source.fill("orders", count: 5)
            try await home.settle()
            try home.source.dropDatabase("orders")
            for _ in 0..<5 {
                home.clock.advance(86400)
                let report = try await home.check()
                #expect(report.pairs.map(\.pair) == ["invoices", "orders"])
                #expect(report.finding("source-missing")?.severity == .critical)
                #expect(report.done == [])
                #expect(report.light("invoices") == .ok)
            }
            #expect(try home.target.documentCount(of: "orders") == 5)
        }
    }

    @Test("Security that was changed on one side is told and not copied")
    func security() async throws {
        try await withSettledPair(count: 20) { home in
            try home.source.setSecurity(
                ["members": ["names": ["alice"]], "admins": ["roles": ["_admin"]]], of: "orders")
            home.forgetRequests()
            let report = try await home.checkLater()
            #expect(report.problems == ["orders: security-differs"])
            #expect(home.writes == [:])
            try home.target.setSecurity(
                ["admins": ["roles": ["_admin"], "names": []], "members": ["names": ["alice"]]], of: "orders")
            #expect(try await home.checkLater().verdict == .ok)
        }
    }

    @Test("A mass deletion is told, though it is replicated already")
    func massDeletion() async throws {
        try await withSettledPair(count: 20) { home in
            for number in 1...15 { try home.source.delete("document-\(number)", in: "orders") }
            let report = try await home.checkLater()
            #expect(report.problems == ["orders: mass-deletion"])
            #expect(try home.isCopied())
            #expect(try await home.checkLater(after: 3600).problems == ["orders: mass-deletion"])
            #expect(try await home.checkLater(after: 24 * 3600).verdict == .ok)
        }
    }
}
