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
            #expect(try await client.get("/db/_local/x").json["v"] == 2)
            #expect(try await client.get("/other/_local/x").status == 404)
            #expect(try await client.send(.PUT, "/db/_local/x", #"{"_rev":"zz"}"#).status == 400)
            #expect(try await client.send(.PUT, "/db/_local/x", "[]").status == 400)
            #expect(try await client.send(.PUT, "/db/_local%2Fy?rev=0-4", "{}").json["rev"] == "0-5")
            #expect(try await client.send(.DELETE, "/db/_local/x?rev=zz").status == 400)
            #expect(try await client.send(.DELETE, "/db/_local/x?rev=0-2").json["rev"] == "0-0")
            #expect(try await client.get("/db/_local/x").status == 404)
            #expect(try await client.send(.DELETE, "/db/_local/x").json["reason"] == "missing")
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
            let removed = try await client.send(.PUT, "/db/_local/x", #"{"_deleted":true,"_rev":"0-9"}"#)
            #expect(removed.status == 200 && removed.json == ["ok": true, "id": "_local/x", "rev": "0-0"])
            #expect(try await client.get("/db/_local/x").status == 404)
            #expect(try await client.send(.PUT, "/db/_local/x", #"{"_deleted":true}"#).json["rev"] == "0-0")
            #expect(try await client.get("/db/_local/x").status == 404)
        }
    }

    /// As CouchDB 3.5.0 did: what is there is not compared with what the writer has seen.
    @Test func replacesAndRemovesWhatTheWriterHasNotSeen() async throws {
        try await withServer(["db": MemoryReplica()]) { server in
            let client = server.client
            for (body, number) in [
                (#"{"v":1}"#, 1), (#"{"v":2}"#, 1), (#"{"v":3,"_rev":"0-1"}"#, 2), (#"{"v":4,"_rev":"0-9"}"#, 10),
                (#"{"v":5,"_rev":"0-4"}"#, 5),
            ] {
                let answer = try await client.send(.PUT, "/db/_local/x", body)
                #expect(answer.status == 201 && answer.json["rev"] == .string("0-\(number)"), "\(body): \(answer)")
            }
            #expect(try await client.get("/db/_local/x").text == #"{"_id":"_local/x","_rev":"0-5","v":5}"# + "\n")
            for query in ["", "?rev=0-1", "?rev=1-a"] {
                try await client.send(.PUT, "/db/_local/x", "{}")
                let answer = try await client.send(.DELETE, "/db/_local/x\(query)")
                #expect(answer.status == 200 && answer.json == ["ok": true, "id": "_local/x", "rev": "0-0"])
                #expect(try await client.get("/db/_local/x").status == 404)
            }
        }
    }

    /// As PouchDB 5.4.5 writes them, and as CouchDB 3.5.0 answered.
    @Test func takesLocalDocumentsInBulk() async throws {
        let replica = MemoryReplica()
        try await withServer(["db": replica]) { server in
            let client = server.client
            func post(_ documents: String, _ more: String = "") async throws -> RawClient.Answer {
                try await client.send(.POST, "/db/_bulk_docs", #"{"docs":[\#(documents)]\#(more)}"#)
            }
            let first = try await post(#"{"_id":"_local/x","v":1.0},{"_id":"_local/a/b"}"#, #","new_edits":true"#)
            #expect(
                first.status == 201
                    && first.json == [
                        ["ok": true, "id": "_local/x", "rev": "0-1"], ["ok": true, "id": "_local/a/b", "rev": "0-1"],
                    ])
            #expect(try await client.get("/db/_local/x").text == "{\"_id\":\"_local/x\",\"_rev\":\"0-1\",\"v\":1.0}\n")
            let mixed = try await post(
                #"{"_id":"_local/x","_rev":"1-9"},{"_id":"_local/a/b","_deleted":true},{"_id":"_local/x","_rev":"0-7"}"#
            )
            #expect(
                mixed.json == [
                    ["id": "_local/x", "error": "error", "reason": "Invalid rev format"],
                    ["ok": true, "id": "_local/a/b", "rev": "0-0"], ["ok": true, "id": "_local/x", "rev": "0-8"],
                ])
            #expect(try await client.get("/db/_local%2Fa%2Fb").status == 404)
            #expect(try await post(#"{"_id":"_local/n","_rev":"0-4"}"#, #","new_edits":false"#).json == [])
            #expect(try await client.get("/db/_local/n").json["_rev"] == "0-5")
            #expect(try await post("").json == [])
        }
        #expect(try await replica.describe().isEmpty)
    }

    /// Nothing of a request is taken that has anything else.
    @Test func refusesOtherDocumentsInBulk() async throws {
        let replica = MemoryReplica()
        try await withServer(["db": replica]) { server in
            let client = server.client
            for (documents, status) in [
                (#"{"_id":"a"}"#, 403), ("{}", 403), (#"{"_id":"_local/"}"#, 403), (#"{"_id":"_localx"}"#, 403),
                (#"{"_id":5}"#, 403), (#"{"_id":"_design/d"}"#, 403), ("1", 400),
                (#"{"_id":"_local/y","_rev":"z"}"#, 400),
                (#"{"_id":"_local/y","v":"\#(String(repeating: "x", count: 300_000))"}"#, 413),
            ] {
                let answer = try await client.send(
                    .POST, "/db/_bulk_docs", #"{"docs":[{"_id":"_local/x"},\#(documents)]}"#)
                #expect(answer.status == status, "\(documents.prefix(80)): \(answer)")
            }
            #expect(try await client.send(.POST, "/db/_bulk_docs", "[]").status == 400)
            #expect(try await client.get("/db/_local/x").status == 404)
        }
        #expect(try await replica.describe().isEmpty)
    }

    @Test func forgetsTheOldestOnly() {
        let store = MemoryLocalDocuments(limit: 2)
        for id in ["a", "b", "c"] {
            store.putLocalDocument(id, of: "db", LocalDocument(number: 1, members: Data("{}".utf8)))
        }
        #expect(store.localDocument("a", of: "db") == nil)
        #expect(store.localDocument("b", of: "db")?.number == 1 && store.localDocument("c", of: "db") != nil)
    }
}
