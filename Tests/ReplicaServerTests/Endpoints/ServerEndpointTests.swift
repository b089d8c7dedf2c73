import CouchDB
import Foundation
import NIOHTTP1
import Replication
import Secrets
import Synchronization
import Testing

@testable import ReplicaServer

@Suite(.timeLimit(.minutes(2)))
struct ServerEndpointTests {
    @Test func greetsAndListsDatabases() async throws {
        try await withServer(["b/c": MemoryReplica(), "a": MemoryReplica()]) { server in
            let client = server.client
            let greeting = try await client.get("/").json
            #expect(greeting["couchdb"] == "Welcome" && greeting["version"] == "3.5.0" && greeting["uuid"] == "abc")
            #expect(try await client.get("/_all_dbs").json == ["a", "b/c"])
            #expect(try await client.get("/_up").json["status"] == "ok")
            let infos = try await client.send(.POST, "/_dbs_info", #"{"keys":["b/c","none"]}"#).json
            #expect(infos.array?.first?["info"]?["db_name"] == "b/c")
            #expect(infos.array?.last?["error"] == "not_found")
        }
    }

    @Test func aDatabaseThatCannotBeReadHidesNoOther() async throws {
        let sample = try await Sample()
        let unread: @Sendable () async throws -> String = {
            throw EndpointFailure(500, "unreadable", "its disk is gone")
        }
        try await withServer(["a": sample.replica], instanceStartTime: unread) { server in
            let infos = try await server.client.send(.POST, "/_dbs_info", #"{"keys":["a","none"]}"#)
            #expect(infos.status == 200)
            #expect(infos.json == [["key": "a", "error": "unreadable"], ["key": "none", "error": "not_found"]])
        }
    }

    @Test func describesADatabase() async throws {
        let sample = try await Sample()
        try await withServer(["b/c": sample.replica]) { server in
            for path in ["/b%2Fc", "/b%2Fc/"] {
                let info = try await server.client.get(path).json
                #expect(info["db_name"] == "b/c" && info["instance_start_time"] == "1700000000")
                #expect(info["doc_count"] == .integer(Int64(2 + Sample.oddIDs.count)) && info["doc_del_count"] == 1)
                #expect(info["update_seq"] == 12)
            }
            let head = try await server.client.send(.HEAD, "/b%2Fc")
            #expect(head.status == 200 && head.bytes.isEmpty)
            let commit = try await server.client.send(.POST, "/b%2Fc/_ensure_full_commit", "{}")
            #expect(commit.status == 201 && commit.json["instance_start_time"] == "1700000000")
            #expect(try await server.client.get("/b%2Fc/_revs_limit").text == "1000\n")
            #expect(try await server.client.get("/b%2Fc/_security").json["admins"]?["roles"] == ["_admin"])
        }
    }

    /// A database can be made anew while it is served, and whoever replicates from it has to notice.
    @Test func asksEachTimeWhenADatabaseWasMade() async throws {
        let count = Mutex(0)
        let start: @Sendable () async throws -> String = {
            count.withLock { count in
                count += 1
                return "\(count)"
            }
        }
        try await withServer(["db": MemoryReplica()], instanceStartTime: start) { server in
            #expect(try await server.client.get("/db").json["instance_start_time"] == "1")
            let commit = try await server.client.send(.POST, "/db/_ensure_full_commit", "{}").json
            #expect(commit["instance_start_time"] == "2")
            #expect(try await server.client.get("/db").json["instance_start_time"] == "3")
        }
    }

    @Test func answersSessionsWith404() async throws {
        for access in [ServerAccess.open, .token(Secret("t")), .basic(user: "u", password: Secret("p"))] {
            try await withServer(["db": MemoryReplica()], access: access) { server in
                let answer = try await server.client.send(.POST, "/_session", #"{"name":"u","password":"p"}"#)
                #expect(answer.status == 404 && answer.json["error"] == "not_found")
            }
        }
    }

    @Test(arguments: [
        (HTTPMethod.PUT, "/new", 403), (.PUT, "/db", 412), (.DELETE, "/db", 403), (.POST, "/db", 403),
        (.PUT, "/db/doc", 403), (.DELETE, "/db/doc?rev=1-a", 403), (.PUT, "/db/doc/att", 403),
        (.PUT, "/db/_design/x", 403), (.POST, "/db/_bulk_docs", 403), (.POST, "/db/_purge", 403),
        (.POST, "/db/_compact", 403), (.PUT, "/db/_security", 403), (.PUT, "/db/_revs_limit", 403),
        (.DELETE, "/db/_all_docs", 405), (.PUT, "/db/_changes", 405), (.GET, "/db/_bulk_get", 405),
        (.GET, "/db/_revs_diff", 405), (.PUT, "/", 405), (.POST, "/_all_dbs", 405), (.GET, "/none", 404),
        (.GET, "/_users", 404), (.GET, "/db/_foo", 404), (.GET, "/db/_design/x/_view/y", 404),
        (.GET, "/db/doc", 404), (.POST, "/db/_find", 404), (.GET, "/db/_index", 404), (.POST, "/db/_index", 403),
    ])
    func refusesWhatWouldWrite(method: HTTPMethod, path: String, status: Int) async throws {
        let replica = MemoryReplica()
        try await withServer(["db": replica]) { server in
            let answer = try await server.client.send(method, path, method == .GET ? nil : "{}")
            #expect(answer.status == status, "\(answer)")
            #expect(answer.json["error"]?.string != nil && answer.json["reason"]?.string != nil)
            if status == 405 { #expect(answer.headers.first(name: "allow") != nil) }
            // What a client meets that has a wrong name, and would make the database.
            if path == "/new" { #expect(answer.json["reason"]?.string?.contains("no backup “new”") == true) }
        }
        #expect(try await replica.describe().isEmpty)
    }

    /// A client that checks its own addresses does not send these.
    @Test(arguments: ["/db/%ff", "/db/a?rev=%c3", "/%zz"])
    func refusesAddressesThatAreNotUTF8(address: String) {
        let failure = #expect(throws: EndpointFailure.self) { try RequestTarget(address) }
        #expect(failure?.status == 400)
    }

    /// As CouchDB 3.5.0 tells it.
    @Test(arguments: [false, true])
    func tellsHowADatabaseWasLaidOut(isPartitioned: Bool) async throws {
        let layout = DatabaseLayout(isPartitioned: isPartitioned, shards: isPartitioned ? 4 : nil)
        try await withServer(["db": MemoryReplica()], layout: { layout }) { server in
            let info = try await server.client.get("/db").json
            let properties: JSONValue = isPartitioned ? ["partitioned": true] : [:]
            #expect(info["props"] == properties)
            #expect(info["cluster"]?["q"]?.integer == (isPartitioned ? 4 : 1))
            let all = try await server.client.get("/_dbs_info").json.array
            #expect(all?.first?["info"]?["props"] == properties)
        }
    }

    @Test func refusesBodiesThatAreTooLargeOrOfAnotherType() async throws {
        try await withServer(["db": MemoryReplica()], adjust: { $0.bodyLimit = 1000 }) { server in
            let large = try await server.client.send(
                .POST, "/db/_bulk_get", #"{"docs":[]}"# + String(repeating: " ", count: 2000))
            #expect(large.status == 413)
            let type = try await server.client.send(
                .POST, "/db/_bulk_get", #"{"docs":[]}"#, headers: ["Content-Type": "text/plain"])
            #expect(type.status == 415)
            let broken = try await server.client.send(.POST, "/db/_bulk_get", #"{"docs"#)
            #expect(broken.status == 400)
        }
    }
}
