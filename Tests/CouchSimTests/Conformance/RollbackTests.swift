import CouchDB
import CouchSim
import Foundation
import NIOHTTP1
import Secrets
import Testing

/// The hole of a target whose files were put back, on simulated and on real servers.
@Suite(.timeLimit(.minutes(5)))
struct RollbackTests {
    @Test func simulatedTargetKeepsTheHole() async throws {
        var options = ServerOptions()
        options.pace = 1
        try await withSimulatedServers(options, options) { source, target in
            try await story(source: Contestant(source), target: Contestant(target))
        }
    }

    @Test(.enabled(if: LocalCouchDB.isInstalled, Comment(rawValue: LocalCouchDB.howToInstall)))
    func realTargetKeepsTheHole() async throws {
        try await withLocalCouchDB { source in
            try await withLocalCouchDB { target in
                try await story(source: Contestant(source), target: Contestant(target))
            }
        }
    }

    /// 20 documents, a copy of the target's files, 20 more, the copy put back, 5 more: 20 are missing, and all is green.
    private func story(source: Contestant, target: Contestant) async throws {
        let transcript = Transcript(target, others: [source])
        for server in [source, target] { try await server.client.send(.PUT, "/orders?q=1") }
        try await fill(source, 1...20)
        try await transcript.prepare(
            .PUT, "/_replicator/orders",
            [
                "source": endpoint(source), "target": endpoint(target), "continuous": true,
                "checkpoint_interval": 1000,
            ])
        try await caughtUp(transcript, 20)
        try await target.snapshot("orders")
        try await fill(source, 21...40)
        try await caughtUp(transcript, 40)

        try await target.rollback()
        try await fill(source, 41...45)
        try await caughtUp(transcript, 45)

        let row = try await transcript.prepare(.GET, "/_scheduler/docs/_replicator/orders").body
        #expect(row["state"] == "running")
        #expect(row["error_count"] == 0)
        #expect(row["info"]?["doc_write_failures"] == 0)
        let count = try await target.client.send(.GET, "/orders").body["doc_count"]
        #expect(count == 25, "the documents 21 to 40 are missing")
        let base = row["id"]?.string.map { ReplicationID($0).base } ?? ""
        let logs = [
            try await source.client.send(.GET, "/orders/_local/\(base)").body,
            try await target.client.send(.GET, "/orders/_local/\(base)").body,
        ]
        #expect(logs[0]["session_id"] == logs[1]["session_id"])
        #expect(logs[0]["source_last_seq"] == logs[1]["source_last_seq"])

        // The repair: stop, remove both checkpoints, start.
        let document = try await transcript.prepare(.GET, "/_replicator/orders").body
        let revision = document["_rev"]?.string ?? ""
        try await transcript.prepare(.DELETE, "/_replicator/orders?rev=\(revision)")
        try await transcript.wait("/_scheduler/jobs", until: { $0.body["total_rows"] == 0 })
        for server in [source, target] { try await server.client.send(.DELETE, "/orders/_local/\(base)") }
        let members = try ReplicationDocument(answer: document).membersForRestart()
        try await transcript.prepare(.PUT, "/_replicator/orders", .object(members))
        try await transcript.wait("/orders", until: { $0.body["doc_count"] == 45 })
    }

    private func fill(_ server: Contestant, _ numbers: ClosedRange<Int>) async throws {
        let documents = numbers.map { JSONValue.object(["_id": .string("order-\($0)"), "n": .integer(Int64($0))]) }
        let answer = try await server.client.send(.POST, "/orders/_bulk_docs", ["docs": .array(documents)])
        #expect(answer.status == 201)
    }

    private func endpoint(_ server: Contestant) -> JSONValue {
        [
            "url": .string("\(server.baseURL)/orders"),
            "auth": [
                "basic": ["username": .string(server.administrator), "password": .string(server.password.reveal())]
            ],
        ]
    }

    /// Waits until the job has recorded that position of its source.
    private func caughtUp(_ transcript: Transcript, _ number: Int) async throws {
        try await transcript.wait("/_scheduler/docs/_replicator/orders") { answer in
            answer.body["info"]?["checkpointed_source_seq"]?.string?.hasPrefix("\(number)-") ?? false
        }
    }
}
