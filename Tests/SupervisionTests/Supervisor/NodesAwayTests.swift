import CouchDB
import Foundation
import Testing

@testable import CouchSim
@testable import Supervision

/// Nodes that are away are seen of every server that is a cluster.
@Suite(.timeLimit(.minutes(5))) struct NodesAwayTests {
    /// What a node of three says while another one is away.
    private static let away = Fault.Effect.page(
        #"{"all_nodes":["couchdb@a1","couchdb@a2"],"cluster_nodes":["couchdb@a1","couchdb@a2","couchdb@a3"]}"#,
        status: 200)

    @Test("Both the source's and the target's, with one request each", arguments: ["production", "standby"])
    func eachServer(name: String) async throws {
        try await withSettledPair { home in
            let server = name == "production" ? home.source : home.target
            let fault = server.faults.add(Fault(Self.away, pathPrefix: "/_membership"))
            home.forgetRequests()
            let report = try await home.check()
            #expect(report.problems == ["\(name): nodes-away"])
            #expect(report.verdict == .problem && report.light() == .ok)
            for asked in [home.source, home.target] { #expect(asked.requests.counted["GET /_membership"] == 1) }
            #expect(home.writes == [:])
            server.faults.remove(fault)
            #expect(try await home.checkLater().verdict == .ok)
        }
    }

    @Test(
        "What a copy denies that has lagged for hours is not lost while another one hands it out",
        arguments: [true, false])
    func laggingCopy(isThere: Bool) async throws {
        try await withHousehold(otherNodes: ["a2@127.0.0.1", "a3@127.0.0.1"]) { home in
            home.source.makeDatabases("orders")
            try home.source.fill("orders", count: 5)
            try await home.settle()
            #expect(try await home.checkLater().verdict == .ok)
            let memory = try #require(try await home.state.pairMemories()[home.pair().key])
            let newest = try #require(memory.sourceChanges?.documents.first)
            home.source.faults.add(
                Fault(
                    .page(#"{"\#(newest.id)":{"missing":["\#(newest.revisions[0])"]}}"#, status: 200),
                    pathContains: "_revs_diff", database: "orders"))
            if !isThere {
                home.source.faults.add(
                    Fault(
                        .page(#"{"error":"not_found","reason":"missing"}"#, status: 404), method: "GET",
                        pathContains: "/\(newest.id)", database: "orders"))
            }
            for _ in 0..<3 {
                // Whatever changes makes it look.
                try home.source.put("later", ["at": .string("\(home.clock.now)")], in: "orders")
                _ = try await home.checkLater()
            }
            let report = try await home.checkLater()
            #expect(report.problems == (isThere ? [] : ["orders: source-rolled-back"]), "\(report.problems)")
        }
    }

    @Test("Where the copies of a database lie elsewhere, nodes that are away say nothing of it")
    func withoutItsCopies() async throws {
        // Its two shards are on the first four nodes.
        let others = (2...6).map { "a\($0)@127.0.0.1" }
        try await withHousehold(otherNodes: others) { home in
            home.source.makeDatabases("orders")
            try home.source.fill("orders", count: 5)
            home.source.setNodesAway(["a5@127.0.0.1", "a6@127.0.0.1"])
            _ = try await home.check()
            home.forgetRequests()
            let report = try await home.checkLater()
            #expect(report.problems == ["production: nodes-away"] && report.light() == .ok)
            #expect(home.source.requests.counted["GET /{db}/_shards"] == 1)
            let memory = try #require(try await home.state.pairMemories()[home.pair().key])
            #expect(memory.sourceCounts?.documents == 5)
            home.source.setNodesAway(["a2@127.0.0.1", "a3@127.0.0.1"])
            try home.source.put("later", in: "orders")
            _ = try await home.checkLater()
            let later = try #require(try await home.state.pairMemories()[home.pair().key])
            #expect(later.sourceCounts?.documents == 5, "what is seen may be on one copy alone")
        }
    }

    @Test("Nodes that can't be asked for are not back, and may have what seems to be lost")
    func unread() async throws {
        let others: Set = ["a2@127.0.0.1", "a3@127.0.0.1"]
        try await withHousehold(otherNodes: others.sorted()) { home in
            home.source.makeDatabases("orders")
            try home.source.fill("orders", count: 5)
            let snapshot = try home.source.snapshot(of: "orders")
            try home.source.fill("orders", prefix: "later", count: 5)
            try await home.settle()
            home.source.setNodesAway(others)
            #expect(try await home.checkLater().problems == ["production: nodes-away"])
            try home.source.rollback(to: snapshot)
            home.source.faults.add(Fault(Fault.serverError, pathPrefix: "/_membership"))
            for _ in 0..<3 {
                let report = try await home.checkLater()
                #expect(report.problems.contains("production: nodes-away"), "\(report.problems)")
                #expect(report.finding("source-rolled-back") == nil && report.finding("blind") != nil)
                #expect(report.done == [])
            }
        }
    }

    @Test(
        "A server whose nodes nobody may ask for, or a gateway that has no such endpoint, is as before",
        arguments: [
            .failure(status: 403, error: "forbidden", reason: "no"), .page("<html>no such page</html>", status: 404),
            .page("<html>not that way</html>", status: 405),
        ] as [Fault.Effect])
    func untold(effect: Fault.Effect) async throws {
        try await withHousehold { home in
            for server in [home.source, home.target] {
                server.faults.add(Fault(effect, pathPrefix: "/_membership"))
            }
            home.source.makeDatabases("orders")
            let first = try await home.check()
            #expect(first.done == ["orders: create-target", "orders: create-replication"])
            let later = try await home.checkLater()
            #expect(later.verdict == .ok)
        }
    }
}
