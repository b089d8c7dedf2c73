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

    @Test("A server whose nodes nobody may ask for is as before")
    func refused() async throws {
        try await withSettledPair { (home) async throws in
            for server in [home.source, home.target] {
                server.faults.add(
                    Fault(
                        .failure(status: 403, error: "forbidden", reason: "no"), pathPrefix: "/_membership"))
            }
            #expect(try await home.check().verdict == .ok)
        }
    }
}
