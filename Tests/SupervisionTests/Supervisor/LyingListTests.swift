import CouchDB
import Foundation
import Testing

@testable import CouchSim
@testable import Supervision

/// Lists that hide, lie or fail are never taken for nothing.
@Suite(.timeLimit(.minutes(5))) struct LyingListTests {
    private func withSettledPair(_ body: @escaping @Sendable (Household) async throws -> Void) async throws {
        try await withHousehold { home in
            home.source.makeDatabases("orders")
            try home.source.fill("orders", count: 5)
            try await home.settle()
            home.forgetRequests()
            try await body(home)
        }
    }

    static let failures: [(String, Fault.Effect)] = [
        ("500", Fault.serverError),
        ("401", .failure(status: 401, error: "unauthorized", reason: "You are not a server admin.")),
        ("HTML", .page("<html>Welcome to nginx</html>", status: 200)), ("hang-up", .hangUp),
        ("cut", .cut(afterBytes: 20)), ("502", .page("<html>Bad gateway</html>", status: 502)),
    ]

    @Test(
        "A list that fails makes the pair unknown, and nothing is repaired", arguments: failures.map(\.0),
        [
            "/_scheduler/jobs", "/_scheduler/docs", "/_replicator/_all_docs",
        ])
    func failing(name: String, path: String) async throws {
        let effect = try #require(Self.failures.first { $0.0 == name }).1
        try await withSettledPair { home in
            let fault = home.target.faults.add(Fault(effect, pathPrefix: path))
            var report = try await home.check()
            #expect(home.target.faults.strikes(of: fault) > 0)
            #expect(report.problems.contains("orders: blind") || report.verdict == .ok, "\(report.problems)")
            #expect(!report.problems.contains("orders: replication-missing"))
            #expect(report.done == [])
            #expect(home.writes == [:])
            if path == "/_replicator/_all_docs" {
                #expect(report.light() == .unknown)
                #expect(report.verdict == .problem || report.verdict == .unknown)
            }
            home.target.faults.removeAll()
            home.clock.advance(60)
            report = try await home.check()
            #expect(report.verdict == .ok, "\(report.problems)")
        }
    }

    @Test(
        "A database that can't be opened now is unknown, not gone, and the others are seen",
        arguments: ["production", "standby"])
    func unopenable(name: String) async throws {
        try await withHousehold(.init(databases: ["invoices", "orders"])) { home in
            home.source.makeDatabases("invoices", "orders")
            try await home.settle()
            home.forgetRequests()
            let server = name == "production" ? home.source : home.target
            server.faults.add(Fault(.databaseNotFound(name: "orders"), pathPrefix: "/_dbs_info"))
            server.faults.add(
                Fault(
                    .failure(status: 412, error: "nodedown", reason: "progress not possible"), method: "GET",
                    database: "orders"))
            let report = try await home.check()
            #expect(report.finding("blind")?.summary.contains("nodedown: progress not possible") == true)
            #expect(report.finding("source-missing") == nil && report.finding("target-missing") == nil)
            #expect(report.light("invoices") == .ok)
            #expect(report.done == [] && home.writes == [:])
        }
    }

    @Test("A server whose lists hide every job, while documents are there, is not believed to have none")
    func hiddenJobs() async throws {
        try await withSettledPair { home in
            home.target.faults.add(Fault(.hideJobs))
            for _ in 0..<3 {
                let report = try await home.check()
                #expect(!report.problems.contains("orders: replication-missing"))
                #expect(report.done == [])
                home.clock.advance(60)
            }
            #expect(home.writes == [:])
        }
    }

    @Test("A document whose state is null, left out of the list and without a job, is written again")
    func nullState() async throws {
        try await withSettledPair { home in
            let id = home.documentID()
            home.target.faults.add(Fault(.stateUnknown(documentID: id)))
            home.target.faults.add(Fault(.hideJobs, pathPrefix: "/_scheduler/jobs"))
            home.target.faults.add(Fault(.hideJobs, pathPrefix: "/_active_tasks"))
            #expect(try await home.check().problems == [])
            home.clock.advance(121)
            home.configure { $0.budget.attemptsPerAction = 1 }
            let report = try await home.check()
            #expect(report.problems == ["orders: replication-never-started"])
            #expect(report.done == ["orders: rewrite-replication"])
            home.target.faults.removeAll()
            #expect(try await home.checkLater().verdict == .ok)
        }
    }

    @Test("A lag that the source can't count is unknown")
    func nullLag() async throws {
        try await withSettledPair { home in
            home.source.faults.add(Fault(.pendingUnknown))
            try home.source.fill("orders", prefix: "later", count: 3)
            let report = try await home.checkLater()
            #expect(report.problems == ["orders: blind"])
            #expect(report.light() == .unknown)
            #expect(report.pairs[0].lag == Lag(changes: nil, seconds: nil))
            #expect(report.done == [])
        }
    }

    @Test(
        "Couchkeep's own password rejected: nothing is known, nothing is repaired, one cause",
        arguments: ["production", "standby"])
    func ownPassword(name: String) async throws {
        try await withSettledPair { home in
            let server = name == "production" ? home.source : home.target
            server.faults.add(
                Fault(
                    .failure(status: 401, error: "unauthorized", reason: "Name or password is incorrect."),
                    pathPrefix: "/_session"))
            let report = try await home.check()
            #expect(report.problems == ["orders: blind", "\(name): credentials-rejected"])
            #expect(report.finding("blind")?.cause == "credentials-rejected @ \(name)")
            #expect(report.done == [])
            #expect(home.writes == [:])
        }
    }

    @Test("Something else than CouchDB at the address")
    func notCouchDB() async throws {
        try await withSettledPair { home in
            home.source.faults.add(Fault(.page("<html>It works!</html>", status: 200)))
            let report = try await home.check()
            #expect(report.problems == ["orders: blind", "production: server-unreachable"])
            #expect(report.servers.first { $0.name == "production" }?.reachable == false)
            #expect(home.writes == [:])
        }
    }

    @Test("A repair that a server refuses is tried again later, and the pass goes on")
    func refusedRepair() async throws {
        try await withHousehold(.init(databases: ["invoices", "orders"])) { home in
            home.source.makeDatabases("invoices", "orders")
            let fault = home.target.faults.add(Fault(Fault.serverError, method: "PUT", pathPrefix: "/orders"))
            var report = try await home.check()
            #expect(report.repairs(.failed) == ["orders: create-target"])
            #expect(report.done == ["invoices: create-target", "invoices: create-replication"])
            home.target.faults.remove(fault)
            home.clock.advance(30)
            report = try await home.check()
            #expect(report.repairs(.planned) == ["orders: create-target"], "not so soon")
            home.clock.advance(30)
            report = try await home.check()
            #expect(report.done == ["orders: create-target", "orders: create-replication"])
            #expect(try await home.checkLater().verdict == .ok)
        }
    }
}
