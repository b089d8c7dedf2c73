import CouchDB
import Foundation
import NIOHTTP1
import Replication
import Testing

@testable import ReplicaServer

/// Documents of lists are read many at a time, and what is answered is what one at a time gives.
@Suite(.timeLimit(.minutes(2)))
struct ReadingTogetherTests {
    private static let ids = (0..<200).map { DocumentID("d\($0)") }
    /// One reading each would be hundreds.
    private static let few = 24

    private func withDocuments(
        _ body: @Sendable (RawClient, _ reads: ReadCount) async throws -> Void
    ) async throws {
        let replica = MemoryReplica()
        for (number, id) in Self.ids.enumerated() {
            let first = try replica.edit(
                id, members: #""n":\#(number).0"#,
                attachments: number % 11 == 0 ? [("a", "text/plain", Data("a\(number)".utf8))] : [])
            if number % 5 == 0 {
                try replica.edit(id, on: first, members: #""x":1"#)
                try replica.conflict(id, on: first, members: #""x":2"#)
            } else if number % 7 == 3 {
                try replica.edit(id, on: first, isDeleted: true, members: #""why":"old""#)
            }
        }
        let reads = ReadCount()
        try await withServer(["db": WatchedReplica(replica: replica, reads: reads)]) {
            try await body($0.client, reads)
        }
    }

    /// An answer without documents, to whose rows those are added that are asked for one by one.
    private func addingDocuments(to answer: RawClient.Answer, _ client: RawClient) async throws -> String {
        var lines: [String] = []
        for line in answer.text.components(separatedBy: "\n") {
            let comma = line.hasSuffix(",") ? "," : ""
            let row = line.dropLast(comma.count)
            // The lines before the rows and behind them are no JSON of their own.
            guard let json = try? JSONValue(parsing: Data(row.utf8)), let id = json["id"]?.string else {
                lines.append(line)
                continue
            }
            var document = "null"
            if json["value"]?["deleted"] == nil {
                let deleted = json["deleted"] == true ? json["changes"]?.array?.first?["rev"]?.string : nil
                let query = deleted.map { "rev=\($0)" } ?? "conflicts=true&att_encoding_info=true"
                document = try await client.get("/db/\(id)?\(query)").text.trimmingCharacters(in: .newlines)
            }
            lines.append("\(row.dropLast()),\"doc\":\(document)}\(comma)")
        }
        return lines.joined(separator: "\n")
    }

    private let withDocument = "include_docs=true&conflicts=true&att_encoding_info=true"

    @Test func ofAllDocuments() async throws {
        try await withDocuments { client, reads in
            for query in ["", "descending=true&skip=3&limit=150", "startkey=%22d15%22&endkey=%22d7%22"] {
                try await expectTogether("/db/_all_docs?\(query)", client, reads)
            }
        }
    }

    /// What is listed with its documents is what is listed without them and then asked for, read in few goes.
    private func expectTogether(_ path: String, _ client: RawClient, _ reads: ReadCount) async throws {
        let expected = try await addingDocuments(to: client.get(path), client)
        _ = reads.take()
        let answer = try await client.get("\(path)&\(withDocument)")
        #expect(answer.text == expected, "\(path)")
        #expect((1...Self.few).contains(reads.take()), "\(path)")
    }

    @Test func ofKeys() async throws {
        try await withDocuments { client, reads in
            var keys = Self.ids.map(\.text) + ["none"]
            // Deleted, and asked for twice.
            keys.insert(contentsOf: ["d3", "d199", "d0", "zz", "d0"], at: 100)
            let body = String(decoding: JSONValue.array(keys.map { .string($0) }).serialized(), as: UTF8.self)
            let request = #"{"keys":\#(body)}"#
            let plain = try await client.send(.POST, "/db/_all_docs", request)
            #expect(reads.take() <= Self.few)
            let rows = plain.json["rows"]?.array
            #expect(rows?.count == 206 && rows?.filter { $0["error"] == "not_found" }.count == 2)
            let expected = try await addingDocuments(to: plain, client)
            _ = reads.take()
            let answer = try await client.send(.POST, "/db/_all_docs?\(withDocument)", request)
            #expect(answer.text == expected)
            #expect((1...Self.few).contains(reads.take()))
        }
    }

    @Test func ofChanges() async throws {
        try await withDocuments { client, reads in
            for query in ["", "since=20&limit=130", "filter=_doc_ids&doc_ids=%5B%22d5%22,%22d3%22,%22none%22%5D"] {
                try await expectTogether("/db/_changes?\(query)", client, reads)
            }
        }
    }

    @Test func ofLeaves() async throws {
        try await withDocuments { client, reads in
            let json = ["Accept": "application/json"]
            var results: [String] = []
            for id in Self.ids {
                let leaves = try await client.get("/db/\(id)?open_revs=all", headers: json).text
                results.append(#"{"id":"\#(id)","docs":\#(leaves.trimmingCharacters(in: .newlines))}"#)
            }
            let items = Self.ids.map { #"{"id":"\#($0)"}"# }.joined(separator: ",")
            _ = reads.take()
            let answer = try await client.send(.POST, "/db/_bulk_get", #"{"docs":[\#(items)]}"#)
            #expect(answer.text == "{\"results\":[\(results.joined(separator: ","))]}\n")
            #expect((1...Self.few).contains(reads.take()))
        }
    }
}
