import Foundation
import Testing

@testable import CouchDB

@Suite(.timeLimit(.minutes(1))) struct ReplicatorTests {
    /// Answers `_all_docs` of one database with these ids.
    private func script(_ ids: [String]) -> ScriptedServer.Script {
        { request, _ in
            let start = request.query["startkey"].flatMap { try? JSONValue(parsing: Data($0.utf8)).string } ?? ""
            let limit = request.query["limit"].flatMap(Int.init) ?? .max
            let rows = ids.filter { $0 >= start }.prefix(limit).map { id -> JSONValue in
                [
                    "id": .string(id), "key": .string(id), "value": ["rev": "1-a"],
                    "doc": ["_id": .string(id), "_rev": "1-a", "source": "http://s/a", "target": "http://t/a"],
                ]
            }
            return .json(JSONValue.object(["total_rows": 0, "offset": 0, "rows": .array(Array(rows))]).text)
        }
    }

    @Test("A copy since the beginning leaves nothing out")
    func sinceTheBeginning() throws {
        func partial(_ since: JSONValue) throws -> [String] {
            try ReplicationDocument(answer: ["_id": "r", "since_seq": since]).partialOptions
        }
        for beginning: JSONValue in [0, "0", .null] { #expect(try partial(beginning) == []) }
        for later: JSONValue in [5, "5-g1AAAA"] { #expect(try partial(later) == ["since_seq"]) }
    }

    @Test(arguments: [0, 1, 499, 500, 501, 1203])
    func readsAllDocumentsButDesignDocuments(count: Int) async throws {
        let ids = ["_design/_replicator"] + (0..<count).map { "r\(10_000 + $0)" }
        try await withConnection(script: script(ids)) { (connection, _) async throws in
            let documents = try await connection.replicationDocuments(in: "_replicator")
            #expect(documents.map(\.id) == Array(ids.dropFirst()))
        }
    }

    @Test func findsNoneWithoutADatabase() async throws {
        try await withConnection(script: { _, _ in .noDatabase }) { (connection, _) async throws in
            #expect(try await connection.replicationDocuments(in: "x/_replicator").isEmpty)
        }
        let old: ScriptedServer.Script = { _, _ in .answer(404, #"{"error":"not_found","reason":"no_db_file"}"#) }
        try await withConnection(script: old) { (connection, _) async throws in
            #expect(try await connection.replicationDocuments(in: "_replicator").isEmpty)
        }
    }

    @Test func doesNotTakeAnErrorForAbsence() async throws {
        let script: ScriptedServer.Script = { _, _ in .answer(403, #"{"error":"forbidden","reason":"no"}"#) }
        try await withConnection(script: script) { (connection, _) async throws in
            #expect(
                try await couchError { try await connection.replicationDocuments(in: "_replicator") }.code == .forbidden
            )
        }
    }

    @Test func waitsLongForAOneShotReplication() async throws {
        let configuration = ConnectionConfiguration(readTimeout: .milliseconds(20), maximumRetries: 0)
        let script: ScriptedServer.Script = { _, _ in
            // Longer than the silence that other requests allow.
            try await Task.sleep(for: .milliseconds(100))  // slow on purpose
            return .json(#"{"ok":true,"session_id":"s","history":[]}"#)
        }
        try await withConnection(configuration: configuration, script: script) { (connection, server) async throws in
            let answer = try await connection.replicate(["source": "a", "target": "b"])
            #expect(answer["ok"] == true)
            #expect(server.requests.map(\.body) == [#"{"source":"a","target":"b"}"#])
        }
    }
}
