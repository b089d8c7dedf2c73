import CouchDB
import CouchSim
import NIOHTTP1
import Secrets
import Testing

/// A real and a simulated server replicate with one another, whichever of them runs the job.
@Suite(
    .timeLimit(.minutes(5)),
    .enabled(if: LocalCouchDB.isInstalled, Comment(rawValue: LocalCouchDB.howToInstall)))
struct MixedReplicationTests {
    @Test(arguments: [true, false])
    func replicates(fromTheSimulatedServer: Bool) async throws {
        var options = ServerOptions()
        options.pace = 1.0 / 20
        try await withSimulatedServer(options) { simulated in
            try await withLocalCouchDB { real in
                let pair = [Contestant(simulated), Contestant(real)]
                let (source, target) = fromTheSimulatedServer ? (pair[0], pair[1]) : (pair[1], pair[0])
                for (runner, database) in zip(pair, ["run-by-simulated", "run-by-real"]) {
                    try await copy(from: source, to: target, runner: runner, database: database)
                }
            }
        }
    }

    /// Copies conflicts, a tombstone, a design document and attachments, and compares the leaf revisions.
    private func copy(from source: Contestant, to target: Contestant, runner: Contestant, database: String) async throws
    {
        for server in [source, target] { try await server.client.send(.PUT, "/\(database)?q=1") }
        let documents: JSONValue = [
            ["_id": "plain", "_rev": "1-a", "v": 1],
            ["_id": "conflict", "_rev": "2-b", "_revisions": ["start": 2, "ids": ["b", "a"]]],
            ["_id": "conflict", "_rev": "2-c", "_revisions": ["start": 2, "ids": ["c", "a"]]],
            ["_id": "gone", "_rev": "3-d", "_deleted": true, "why": "test"],
            ["_id": "_design/views", "_rev": "1-e", "views": [:]],
            ["_id": "with/slash + ä", "_rev": "1-f"],
            [
                "_id": "attached", "_rev": "1-g",
                "_attachments": [
                    "one.bin": ["content_type": "application/octet-stream", "data": "AAEC"],
                    "two.txt": ["content_type": "text/plain", "data": "aGVsbG8gaGVsbG8gaGVsbG8="],
                ],
            ],
        ]
        try await source.client.send(.POST, "/\(database)/_bulk_docs", ["new_edits": false, "docs": documents])
        let answer = try await runner.client.send(
            .POST, "/_replicate", ["source": endpoint(source, database), "target": endpoint(target, database)])
        #expect(answer.status == 200, "\(answer)")
        #expect(answer.body["history"]?.array?.first?["doc_write_failures"] == 0)
        #expect(try await leaves(target, database) == leaves(source, database))
        for name in ["one.bin", "two.txt"] {
            let path = "/\(database)/attached/\(name)"
            let (left, right) = (try await source.client.send(.GET, path), try await target.client.send(.GET, path))
            #expect(left.status == 200 && left.bytes == right.bytes)
        }
    }

    private func leaves(_ server: Contestant, _ database: String) async throws -> [String: LeafSet] {
        let answer = try await server.client.send(.GET, "/\(database)/_changes?style=all_docs")
        let rows = try #require(answer.body["results"]?.array)
        return Dictionary(
            rows.map { row in
                let revisions = (row["changes"]?.array ?? []).compactMap {
                    $0["rev"]?.string.flatMap { RevisionID($0) }
                }
                return (row["id"]?.string ?? "", LeafSet(revisions))
            }
        ) { first, _ in first }
    }

    private func endpoint(_ server: Contestant, _ database: String) -> JSONValue {
        [
            "url": .string("\(server.baseURL)/\(database)"),
            "auth": [
                "basic": ["username": .string(server.administrator), "password": .string(server.password.reveal())]
            ],
        ]
    }
}
