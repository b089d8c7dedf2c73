import CouchDB
import Foundation
import Testing

@testable import CouchSim
@testable import Supervision

/// The story of the seed: what `couchkeep check` from cron is for.
@Suite(.timeLimit(.minutes(5))) struct StoryTests {
    @Test("Missing targets and replications are made, at once, and then everything is copied")
    func made() async throws {
        try await withHousehold(.init(databases: ["invoices", "orders", "stock"])) { home in
            home.source.makeDatabases("invoices", "orders", "stock")
            for name in ["invoices", "orders", "stock"] { try home.source.fill(name, count: 20) }
            try home.source.setSecurity(
                ["admins": ["names": ["alice"]], "members": ["roles": ["_admin"]]], of: "orders")
            let report = try await home.check()
            #expect(
                report.done == [
                    "invoices: create-target", "invoices: create-replication", "orders: create-target",
                    "orders: create-replication", "stock: create-target", "stock: create-replication",
                ])
            let later = try await home.checkLater()
            #expect(later.problems == [])
            #expect(later.verdict == .ok)
            #expect(later.done == [])
            for name in ["invoices", "orders", "stock"] {
                #expect(try home.isCopied(name))
                #expect(later.light(name) == .ok)
            }
            #expect(
                later.pairs.map(\.lag) == [
                    Lag(changes: 0, seconds: 0), Lag(changes: 0, seconds: 0), Lag(changes: 0, seconds: 0),
                ])
            let written = try #require(try await home.document(home.documentID()))
            #expect(written.source?.hasCredentialsInURL == false)
            #expect(written.isContinuous)
            #expect(OwnershipMark.isPresent(in: written))
        }
    }

    @Test("A document that was deleted is written again, and the job goes on from its checkpoint")
    func killed() async throws {
        try await withHousehold { home in
            home.source.makeDatabases("orders")
            try home.source.fill("orders", count: 20)
            try await home.settle()
            let before = try #require(try await home.checkpoint(at: home.target))
            try home.target.delete(home.documentID(), in: "_replicator")
            try await home.target.scheduler.forgets(home.documentID())
            try home.source.fill("orders", prefix: "later", count: 5)
            let report = try await home.check()
            #expect(report.done == ["orders: create-replication"])
            let later = try await home.checkLater()
            #expect(later.problems == [])
            #expect(try home.isCopied())
            let after = try #require(try await home.checkpoint(at: home.target))
            #expect(after.history.contains { $0.id == before.sessionID }, "it went on where it was")
        }
    }

    @Test("The whole _replicator database may be gone")
    func replicatorGone() async throws {
        try await withHousehold { home in
            home.source.makeDatabases("orders")
            try home.source.fill("orders", count: 3)
            try await home.settle()
            try home.target.dropDatabase("_replicator")
            try await home.target.scheduler.forgets(home.documentID())
            let report = try await home.check()
            #expect(report.done == ["orders: create-replication"], "\(report.pairs)")
            #expect(try await home.checkLater().problems == [])
        }
    }

    @Test(
        "A server that is down is one finding, its pairs are unknown, and afterwards all is well by itself",
        arguments: ["production", "standby"])
    func down(name: String) async throws {
        try await withHousehold(.init(databases: ["invoices", "orders"])) { home in
            home.source.makeDatabases("invoices", "orders")
            for database in ["invoices", "orders"] { try home.source.fill(database, count: 3) }
            try await home.settle()
            let server = name == "production" ? home.source : home.target
            try await server.stop()
            for _ in 0..<3 {
                let report = try await home.check()
                #expect(report.verdict == .problem)
                #expect(
                    Set(report.problems).isSubset(of: [
                        "\(name): server-unreachable", "invoices: blind", "orders: blind",
                        "invoices: replication-crashing", "orders: replication-crashing",
                    ]))
                #expect(report.problems.contains("\(name): server-unreachable"))
                for pair in report.pairs {
                    for finding in pair.findings { #expect(finding.cause == "server-unreachable @ \(name)") }
                    #expect(pair.repairs.filter { $0.result != .planned } == [])
                    #expect(pair.lights.replicating.state != .ok)
                }
                home.clock.advance(600)
            }
            try await server.start()
            try home.source.fill("orders", prefix: "later", count: 5)
            // Jobs that would wait for long are started, the others go on by themselves.
            _ = try await home.checkLater(after: 3600)
            for database in ["invoices", "orders"] {
                try await home.target.scheduler.caughtUp(home.documentID(database))
            }
            let report = try await home.checkLater()
            #expect(report.verdict == .ok, "\(report.problems)")
            #expect(try home.isCopied())
        }
    }

    @Test("Both servers down, and a pass right after their restart, alarm nobody for long")
    func bothRestart() async throws {
        try await withHousehold { home in
            home.source.makeDatabases("orders")
            try home.source.fill("orders", count: 3)
            try await home.settle()
            try await home.source.restart()
            try await home.target.restart()
            home.forgetRequests()
            let report = try await home.check()
            #expect(report.problems == [])
            #expect(home.writes == [:])
            #expect(try await home.checkLater().verdict == .ok)
        }
    }

    @Test("A pass right behind another changes nothing and writes nothing")
    func twice() async throws {
        try await withHousehold(.init(databases: ["invoices", "orders"])) { home in
            home.source.makeDatabases("invoices", "orders")
            for database in ["invoices", "orders"] { try home.source.fill(database, count: 5) }
            try home.target.put("by-hand", home.handwritten("invoices"), in: "_replicator")
            _ = try await home.check()
            try await home.target.scheduler.idle()
            home.forgetRequests()
            let memories = try await home.state.pairMemories()
            let report = try await home.check()
            #expect(home.writes == [:])
            #expect(report.repairs(.done) == [])
            #expect(report.problems == [])
            let after = try await home.state.pairMemories()
            #expect(memories.mapValues(\.replicationBase) == after.mapValues(\.replicationBase))
            #expect(memories.mapValues(\.repairs) == after.mapValues(\.repairs))
        }
    }

    @Test(
        "A side that is down at the very first check is one finding, and nothing else is said of its pairs",
        arguments: [true, false], [Pair.Coordinator.source, .target])
    func downAtFirst(isSourceDown: Bool, runOn: Pair.Coordinator) async throws {
        try await withHousehold(.init(databases: ["invoices", "orders"], runOn: runOn)) { home in
            home.source.makeDatabases("invoices", "orders")
            let (server, name) = isSourceDown ? (home.source, "production") : (home.target, "standby")
            try await server.stop()
            for _ in 0..<3 {
                let report = try await home.check()
                #expect(report.problems == ["invoices: blind", "orders: blind", "\(name): server-unreachable"])
                #expect(report.finding("blind")?.cause == "server-unreachable @ \(name)")
                #expect(report.repairs(.failed) == [] && report.done == [])
                home.clock.advance(600)
            }
            try await server.start()
            #expect(try await home.check().done.count == 4)
            #expect(try await home.checkLater().verdict == .ok)
        }
    }

    @Test("A push runs on the source's server")
    func push() async throws {
        try await withHousehold(.init(databases: ["orders"], runOn: .source)) { home in
            home.source.makeDatabases("orders")
            try home.source.fill("orders", count: 5)
            try await home.settle()
            #expect(try home.isCopied())
            #expect(try home.target.documentCount(of: "_replicator") == 0)
            #expect(try home.source.documentCount(of: "_replicator") == 1)
        }
    }
}
