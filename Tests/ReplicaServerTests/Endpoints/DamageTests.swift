import CouchDB
import Foundation
import NIOHTTP1
import Replication
import Synchronization
import Testing

@testable import ReplicaServer

/// A revision that is there and can't be read is never told as one that is not there.
@Suite(.timeLimit(.minutes(1)))
struct DamageTests {
    private func withDamage(_ body: @Sendable (RawClient, RevisionID) async throws -> Void) async throws {
        let replica = MemoryReplica()
        let revision = try replica.edit("b")
        try replica.edit("a")
        try replica.edit("c")
        let told = Mutex<[Refusal]>([])
        let note: @Sendable (Refusal) -> Void = { refusal in told.withLock { $0.append(refusal) } }
        try await withServer(["db": WatchedReplica(replica: replica, damaged: ["b"])], onDamage: note) {
            try await body($0.client, revision)
        }
        // Once, however often it was asked for.
        let ids = told.withLock { $0.map(\.id) }
        #expect(ids == ["b"])
    }

    @Test func endsNoAnswerAsComplete() async throws {
        try await withDamage { client, revision in
            for path in [
                "b", "b?rev=\(revision)", "_all_docs?include_docs=true",
                "_all_docs?include_docs=true&keys=%5B%22b%22%5D",
                "_changes?include_docs=true", "b?open_revs=all", "b?open_revs=%5B%22\(revision)%22%5D&latest=true",
            ] {
                for accept in ["application/json", "multipart/mixed, application/json"] {
                    let answer = try await client.get("/db/\(path)", headers: ["Accept": accept])
                    #expect(answer.status == 500 && answer.json["error"] == "damaged", "\(path): \(answer)")
                    #expect(answer.json["reason"]?.string?.contains("“b” can't be handed out: it is broken") == true)
                }
            }
            #expect(try await client.get("/db/a").status == 200)
            #expect(try await client.get("/db/b?rev=9-x").status == 404)
        }
    }

    /// CouchDB's replicator asks again, by `open_revs`, for what `_bulk_get` tells as an error.
    @Test func isAnErrorOfItsItemInABulkRequest() async throws {
        try await withDamage { client, revision in
            let body = #"{"docs":[{"id":"a"},{"id":"b"},{"id":"b","rev":"\#(revision)"},{"id":"c"}]}"#
            let results = try await client.send(.POST, "/db/_bulk_get?latest=true", body).json["results"]?.array ?? []
            let documents = results.compactMap { $0["docs"]?.array?.first }
            #expect(documents.count == 4 && documents[0]["ok"] != nil && documents[3]["ok"] != nil)
            let error: JSONValue = [
                "id": "b", "rev": .string(revision.description), "error": "damaged", "reason": "it is broken",
            ]
            #expect(documents[1]["error"] == error && documents[2]["error"] == error)
        }
    }

    /// The client can't say more than that it failed, so whoever serves is told why.
    @Test func otherFailuresAreToldOnceToWhoServes() async throws {
        let replica = MemoryReplica()
        try replica.edit("a")
        let told = Mutex<[String]>([])
        try await withServer(
            ["db": WatchedReplica(replica: replica, isBroken: true)],
            onFailure: { request, error in told.withLock { $0.append("\(request): \(error)") } }
        ) { server in
            for _ in 0..<2 {
                let answer = try await server.client.get("/db/a?revs=true")
                #expect(answer.status == 500 && answer.json["error"] == "internal_server_error", "\(answer)")
            }
            #expect(try await server.client.get("/db/_all_docs?limit=x").status == 400)
            #expect(try await server.client.get("/other/a").status == 404)
        }
        #expect(told.withLock { $0 } == ["GET /db/a: Broken()"])
    }
}
