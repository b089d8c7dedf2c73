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
            #expect(
                report.repairs(.planned) == [
                    "invoices: create-target", "invoices: create-replication", "orders: create-replication",
                ])
            #expect(report.done == [])
            #expect(report.verdict == .problem)
            #expect(try await home.state.pairMemories().isEmpty)
            #expect(try await home.state.lastReport() == nil)
            #expect(try home.target.documentCount(of: "_replicator") == 0)
        }
    }

    /// What goes wrong with a settled pair.
    enum Accident: String, CaseIterable {
        case targetDeleted, documentDeleted, partialWithDuplicates
    }

    @Test("What a dry run plans is what the pass then does, step by step", arguments: Accident.allCases)
    func foreseen(accident: Accident) async throws {
        try await withHousehold { home in
            home.source.makeDatabases("orders")
            try home.source.fill("orders", count: 5)
            try await home.settle()
            let id = home.documentID()
            switch accident {
            case .targetDeleted: try home.target.dropDatabase("orders")
            case .documentDeleted:
                try home.target.delete(id, in: "_replicator")
                try await home.target.scheduler.forgets(id)
            case .partialWithDuplicates:
                var document = try #require(try await home.document(id)).membersForRestart()
                for copy in ["copy-1", "copy-2"] { try home.target.put(copy, .object(document), in: "_replicator") }
                document["doc_ids"] = ["document-1"]
                try home.target.put(id, .object(document), in: "_replicator")
                try await home.target.scheduler.idle()
            }
            home.clock.advance(3600)
            home.forgetRequests()
            let plan = try await home.check(PassOptions(isDryRun: true))
            #expect(home.writes == [:])
            let planned = plan.pairs[0].repairs
            #expect(planned.map(\.result) == Array(repeating: .planned, count: accident == .documentDeleted ? 1 : 2))
            // A second duplicate has to wait where the same step was taken a moment before; that is foreseen too.
            let ready = planned.filter { !$0.detail.contains("held back") }
            #expect(!ready.isEmpty)
            let done = try await home.check().pairs[0].repairs.filter { $0.result == .done }
            #expect(done.map(\.action) == ready.map(\.action))
            #expect(done.map(\.detail) == ready.map(\.detail))
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
