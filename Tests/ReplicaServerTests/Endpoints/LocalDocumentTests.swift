import CouchDB
import Foundation
import NIOHTTP1
import Replication
import Testing

@testable import ReplicaServer

@Suite(.timeLimit(.minutes(1)))
struct LocalDocumentTests {
    @Test func keepsCheckpointsBesideTheReplica() async throws {
        let replica = MemoryReplica()
        try await withServer(["db": replica, "other": replica]) { server in
            let client = server.client
            #expect(try await client.get("/db/_local/x").json["error"] == "not_found")
            let first = try await client.send(.PUT, "/db/_local/x", #"{"_id":"_local/x","v":1.0}"#)
            #expect(first.status == 201 && first.json == ["ok": true, "id": "_local/x", "rev": "0-1"])
            #expect(try await client.get("/db/_local/x").text == "{\"_id\":\"_local/x\",\"_rev\":\"0-1\",\"v\":1.0}\n")
            #expect(try await client.send(.PUT, "/db/_local/x", #"{"v":2,"_rev":"0-1"}"#).json["rev"] == "0-2")
            for stale in [#"{"v":3}"#, #"{"v":3,"_rev":"0-1"}"#, #"{"v":3,"_rev":"0-9"}"#] {
                let answer = try await client.send(.PUT, "/db/_local/x", stale)
                #expect(answer.status == 409 && answer.json["error"] == "conflict")
            }
            #expect(try await client.get("/db/_local/x").json["v"] == 2)
            #expect(try await client.get("/other/_local/x").status == 404)
            #expect(try await client.send(.PUT, "/db/_local/x", #"{"_rev":"zz"}"#).status == 400)
            #expect(try await client.send(.PUT, "/db/_local/x", "[]").status == 400)
            #expect(try await client.send(.PUT, "/db/_local%2Fy?rev=0-4", "{}").json["rev"] == "0-5")
            #expect(try await client.send(.DELETE, "/db/_local/x?rev=0-1").status == 409)
            #expect(try await client.send(.DELETE, "/db/_local/x?rev=0-2").json["rev"] == "0-0")
            #expect(try await client.get("/db/_local/x").status == 404)
        }
        #expect(try await replica.describe().isEmpty)
    }

    @Test func removesWhatIsWrittenAsDeleted() async throws {
        try await withServer(["db": MemoryReplica()]) { server in
            let client = server.client
            try await client.send(.PUT, "/db/_local/x", #"{"v":1,"_deleted":false}"#)
            #expect(
                try await client.get("/db/_local/x?rev=0-1").text == #"{"_id":"_local/x","_rev":"0-1","v":1}"# + "\n")
            #expect(try await client.get("/db/_local/x?rev=0-2").status == 404)
            #expect(try await client.send(.PUT, "/db/_local/x", #"{"_deleted":true}"#).status == 409)
            let removed = try await client.send(.PUT, "/db/_local/x", #"{"_deleted":true,"_rev":"0-1"}"#)
            #expect(removed.status == 200 && removed.json == ["ok": true, "id": "_local/x", "rev": "0-0"])
            #expect(try await client.get("/db/_local/x").status == 404)
            #expect(try await client.send(.PUT, "/db/_local/x", #"{"_deleted":true}"#).json["rev"] == "0-0")
            #expect(try await client.get("/db/_local/x").status == 404)
        }
    }

    @Test func forgetsTheOldestOnly() {
        let store = MemoryLocalDocuments(limit: 2)
        for id in ["a", "b", "c"] {
            #expect(store.putLocalDocument(id, of: "db", members: Data("{}".utf8), replacing: 0) == 1)
        }
        #expect(store.localDocument("a", of: "db") == nil)
        #expect(store.localDocument("b", of: "db")?.number == 1 && store.localDocument("c", of: "db") != nil)
    }
}
