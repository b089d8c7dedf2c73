import CouchDB
import CouchSim
import NIOHTTP1
import Testing

/// A server that says of itself that it is a cluster's node.
@Suite(.timeLimit(.minutes(1)))
struct ClusterTests {
    @Test func tellsItsNodesAndCopies() async throws {
        var options = ServerOptions()
        options.otherNodes = ["a2@127.0.0.1", "a3@127.0.0.1", "a4@127.0.0.1"]
        try await withSimulatedServer(options) { server in
            server.makeDatabases("a")
            let client = RawClient(baseURL: server.baseURL, user: server.administrator, password: server.password)
            let info = try await client.send(.GET, "/a").body
            #expect(info["cluster"] == ["q": 2, "n": 3, "w": 2, "r": 2])
            let shards = try await client.send(.GET, "/a/_shards").body
            #expect(
                shards == [
                    "shards": [
                        "00000000-7fffffff": ["a2@127.0.0.1", "a3@127.0.0.1", "couchdb@127.0.0.1"],
                        "80000000-ffffffff": ["a2@127.0.0.1", "a3@127.0.0.1", "a4@127.0.0.1"],
                    ]
                ])
            server.setNodesAway(["a2@127.0.0.1"])
            let membership = try await client.send(.GET, "/_membership").body
            #expect(membership["all_nodes"] == ["a3@127.0.0.1", "a4@127.0.0.1", "couchdb@127.0.0.1"])
            #expect(membership["cluster_nodes"]?.array?.count == 4)
        }
    }

    @Test func isAloneUnlessToldOtherwise() async throws {
        try await withSimulatedServer { server in
            server.makeDatabases("a")
            let client = RawClient(baseURL: server.baseURL, user: server.administrator, password: server.password)
            #expect(try await client.send(.GET, "/a").body["cluster"] == ["q": 2, "n": 1, "w": 1, "r": 1])
            let membership = try await client.send(.GET, "/_membership").body
            #expect(membership["all_nodes"] == ["couchdb@127.0.0.1"])
        }
    }
}
