import CouchDB
import Foundation
import Testing

@testable import CouchSim
@testable import Supervision

@Suite(.timeLimit(.minutes(5))) struct DryRunTests {
    @Test("A dry run shows the plan and changes nothing, not even the memory")
    func dryRun() async throws {
        try await withHousehold(.init(databases: ["invoices", "orders"])) { home in
            home.source.makeDatabases("invoices", "orders")
            home.target.makeDatabases("orders")
            let report = try await home.check(PassOptions(isDryRun: true))
            #expect(home.writes == [:])
            #expect(report.repairs(.planned) == ["invoices: create-target", "orders: create-replication"])
            #expect(report.done == [])
            #expect(report.verdict == .problem)
            #expect(try await home.state.pairMemories().isEmpty)
            #expect(try await home.state.lastReport() == nil)
            #expect(try home.target.documentCount(of: "_replicator") == 0)
        }
    }

    @Test("A dry run of an adoption shows what would be taken over")
    func adoption() async throws {
        try await withHousehold { home in
            home.source.makeDatabases("orders")
            home.target.makeDatabases("orders")
            try home.target.put("nightly", home.handwritten(), in: "_replicator")
            try await home.target.scheduler.idle()
            let report = try await home.check(PassOptions(isDryRun: true, adopts: true))
            #expect(home.writes == [:])
            #expect(report.repairs(.planned) == ["orders: rewrite-replication"])
        }
    }

    @Test("A pair that is only watched is told of, and left alone; one that is off is not looked at")
    func watch() async throws {
        try await withHousehold(.init(databases: ["orders"], mode: .watch)) { home in
            home.source.makeDatabases("orders")
            var report = try await home.check()
            #expect(report.problems == ["orders: replication-missing", "orders: target-missing"])
            #expect(report.pairs[0].repairs == [])
            #expect(home.writes == [:])
            home.configure { $0.mode = .off }
            home.forgetRequests()
            report = try await home.check()
            #expect(report.problems == [])
            #expect(report.light() == .off)
            #expect(home.target.requests.counted["POST /_dbs_info"] == nil)
        }
    }
}
