import CouchDB
import CouchSim
import NIOHTTP1
import Testing

@Suite(.timeLimit(.minutes(5)))
struct FlavourTests {
    private func withServer(
        _ version: ServerVersion, _ body: @Sendable (SimulatedServer, RawClient) async throws -> Void
    ) async throws {
        try await withSimulatedServer(ServerOptions(version: version)) { server in
            server.makeDatabases("a", "b")
            try server.fill("a", count: 3)
            let client = RawClient(baseURL: server.baseURL, user: server.administrator, password: server.password)
            let side = { (name: String) -> JSONValue in
                [
                    "url": .string("\(server.baseURL)/\(name)"),
                    "auth": ["basic": ["username": "admin", "password": "secret"]],
                ]
            }
            try server.put("r", ["source": side("a"), "target": side("b"), "continuous": true], in: "_replicator")
            try await server.scheduler.caughtUp("r")
            try await body(server, client)
        }
    }

    @Test func oneSeven() async throws {
        try await withServer(ServerVersion(1, 7, 1)) { server, client in
            let root = try await client.send(.GET, "/").body
            #expect(root["version"] == "1.7.1" && root["features"] == nil)
            for path in ["/_up", "/_scheduler/jobs", "/_membership", "/_node/_local/_config", "/_dbs_info"] {
                #expect(try await client.send(.GET, path).status == 404, "\(path)")
            }
            let info = try await client.send(.GET, "/a").body
            #expect(info["update_seq"] == 3 && info["cluster"] == nil && info["committed_update_seq"] == 3)
            #expect(info["instance_start_time"]?.string?.count == 16)
            let changes = try await client.send(.GET, "/a/_changes").body
            #expect(changes["last_seq"] == 3 && changes["pending"] == nil)
            let task = try #require(try await client.send(.GET, "/_active_tasks").body.array?.first)
            #expect(task["source_seq"] == 3 && task["node"] == nil && task["progress"] == 100)
            #expect(task["changes_pending"] == nil && task["doc_id"] == "r")
            let document = try await client.send(.GET, "/_replicator/r").body
            #expect(document["_replication_state"] == "triggered")
            // Nobody but the replicator changes what it has started.
            let refused = try await client.send(.PUT, "/_replicator/r", document)
            #expect(refused.status == 403 && refused.body["error"] == "forbidden")
            #expect(refused.body["reason"]?.string?.hasSuffix("in the triggered state.") == true)
            let revision = try #require(document["_rev"]?.string)
            #expect(try await client.send(.DELETE, "/_replicator/r?rev=\(revision)").status == 200)
            #expect(try await client.send(.GET, "/_config/couchdb/uuid").body == .string(server.uuid))
            #expect(try await client.send(.GET, "/_all_dbs").body == ["_replicator", "_users", "a", "b"])
            // Local documents conflict here.
            try await client.send(.PUT, "/a/_local/x", [:])
            #expect(try await client.send(.PUT, "/a/_local/x", [:]).status == 409)
            #expect(try await client.send(.PUT, "/a/_local/x", ["_rev": "0-1"]).status == 201)
        }
    }

    @Test("1.x: a new _security raises update_seq without a row, and a replication does not wait for one")
    func sequenceWithoutRow() async throws {
        try await withServer(ServerVersion(1, 7, 1)) { server, client in
            try await client.send(.PUT, "/a/_security", ["members": ["names": ["x"], "roles": []]])
            #expect(try await client.send(.GET, "/a").body["update_seq"] == 4)
            let newest = try await client.send(.GET, "/a/_changes?descending=true&limit=1").body
            #expect(newest["results"]?.array?.first?["seq"] == 3)
            try await server.scheduler.caughtUp("r")
            let task = try #require(try await client.send(.GET, "/_active_tasks").body.array?.first)
            #expect(task["checkpointed_source_seq"] == 3)
        }
    }

    @Test("A 3.5 shows the positions of a 1.x source as texts, and records them as numbers")
    func oldSource() async throws {
        try await withSimulatedServers(ServerOptions(version: ServerVersion(1, 7, 1)), ServerOptions()) { old, new in
            for server in [old, new] { server.makeDatabases("a") }
            try old.fill("a", count: 3)
            let side = { (server: SimulatedServer) -> JSONValue in
                [
                    "url": .string("\(server.baseURL)/a"),
                    "auth": ["basic": ["username": "admin", "password": "secret"]],
                ]
            }
            try new.put("r", ["source": side(old), "target": side(new), "continuous": true], in: "_replicator")
            try await new.scheduler.caughtUp("r")
            let client = RawClient(baseURL: new.baseURL, user: new.administrator, password: new.password)
            let row = try await client.send(.GET, "/_scheduler/docs/_replicator/r").body
            #expect(row["info"]?["checkpointed_source_seq"] == "3" && row["info"]?["through_seq"] == "3")
            let task = try #require(try await client.send(.GET, "/_active_tasks").body.array?.first)
            #expect(task["checkpointed_source_seq"] == "3")
            let base = try #require(row["id"]?.string).prefix { $0 != "+" }
            #expect(try await client.send(.GET, "/a/_local/\(base)").body["source_last_seq"] == 3)
        }
    }

    @Test func twoThree() async throws {
        try await withServer(ServerVersion(2, 3, 1)) { _, client in
            #expect(try await client.send(.GET, "/").body["features"] == ["pluggable-storage-engines", "scheduler"])
            #expect(try await client.send(.GET, "/a").body["instance_start_time"] == "0")
            let job = try #require(try await client.send(.GET, "/_scheduler/jobs").body["jobs"]?.array?.first)
            #expect(job["info"] == nil && job["pid"]?.string != nil)
            let row = try await client.send(.GET, "/_scheduler/docs/_replicator/r").body
            #expect(row["info"] == .null && row["state"] == "running" && row["proxy"] == .null)
            let task = try #require(try await client.send(.GET, "/_active_tasks").body.array?.first)
            #expect(task["docs_written"] == 3 && task["process_status"] == nil && task["bulk_get_docs"] == nil)
            #expect(try await client.send(.GET, "/_dbs_info").status == 405)
            #expect(try await client.send(.POST, "/_dbs_info", ["keys": ["a"]]).status == 200)
            #expect(try await client.asking(as: nil).send(.GET, "/a").status == 200, "databases are open")
        }
    }

    @Test func threeFive() async throws {
        try await withServer(ServerVersion(3, 5)) { server, client in
            let before = try await client.send(.GET, "/a").body["instance_start_time"]?.string
            try server.dropDatabase("a")
            server.makeDatabases("a")
            let after = try await client.send(.GET, "/a").body["instance_start_time"]?.string
            #expect(before != after, "even within one second")
            #expect(before?.count == 10)
        }
    }
}
