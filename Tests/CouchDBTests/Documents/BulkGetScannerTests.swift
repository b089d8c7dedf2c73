import CouchDB
import Foundation
import Testing

@Suite struct BulkGetScannerTests {
    @Test func realAnswerInAllPieces() throws {
        let bytes = try Fixture.bytes("bulk-get.json")
        let events = try Self.events(of: [bytes[...]])
        for pieces in Pieces.allCuts(of: bytes) { #expect(try Self.events(of: pieces) == events) }

        #expect(events.filter { $0 == .answered }.count == 7)
        #expect(events.last == .end)
        let failures = events.compactMap { event in
            if case .failure(let failure) = event { failure } else { nil }
        }
        #expect(
            failures == [
                BulkGetFailure(id: "nothing", revision: "1-aa", error: "not_found", reason: "missing"),
                BulkGetFailure(id: "plain", revision: "7-abc", error: "not_found", reason: "missing"),
            ])
        let documents = events.compactMap { event in
            if case .document(let document, _) = event { document } else { nil }
        }
        #expect(documents.count == 5)
        // The bytes as they were sent, found again in the answer.
        for document in documents { #expect(Data(bytes).range(of: document) != nil) }
        #expect(String(decoding: documents[0], as: UTF8.self).contains(#""a":12345678901234567890,"e":1000.0"#))
    }

    @Test func membersInAnyOrderAndSeveralRevisions() throws {
        let text = #"""
            {"x":[1],"results":[{"docs":[{"ok":{"_id":"a" }},{"error":{"error":"forbidden"}},{"ok":{"_id":"b"}}],"id":"a"},{"docs":[]}]}
            """#
        #expect(
            try Self.events(of: [ArraySlice(text.utf8)]) == [
                try Self.document(#"{"_id":"a" }"#),
                .failure(BulkGetFailure(id: nil, revision: nil, error: "forbidden", reason: nil)),
                try Self.document(#"{"_id":"b"}"#), .answered, .answered, .end,
            ])
    }

    @Test(arguments: [
        #"{"results":[{"id":"a","docs":[{"ok":1}]}]}"#, #"{"results":[{"id":"a","docs":[{}]}]}"#,
        #"{"results":[{"id":"a"}]}"#, #"{"results":[1]}"#, #"{"results":[{"id":"a","docs":[{"ok":{"a":1}}]}]}"#,
        #"{"results":[{"id":"a","docs":[{"ok":{"_id":"a","a":}}]}]}"#,
        #"{"results":[{"id":"a","docs":[{"ok":{"_id":"a"}}]}]"#,
        #"{"results":[{"id":"a","docs":[{"ok":{"_id":"a"}}]]}"#,
        #"{"results":[{"id":"a","docs":[{"ok":{"_id":"a"}},]}]}"#, #"{"results":[]}{}"#, "{}", "",
    ])
    func brokenAnswersAreErrors(text: String) {
        #expect(throws: CouchError.self) { try Self.events(of: [ArraySlice(text.utf8)]) }
    }

    @Test func documentsAreBounded() throws {
        let document = #"{"_id":"\#(String(repeating: "x", count: 500))"}"#
        let bytes = Array(#"{"results":[{"id":"a","docs":[{"ok":\#(document)}]}]}"#.utf8)
        for pieces in [[bytes[...]], bytes.indices.map { bytes[$0...$0] }] {
            #expect(try Self.events(of: pieces, limit: document.utf8.count + 7).count == 3)
            #expect(throws: CouchError(.malformedAnswer, "")) {
                try Self.events(of: pieces, limit: document.utf8.count + 6)
            }
        }
    }

    private static func document(_ text: String) throws -> BulkGetEvent {
        .document(Data(text.utf8), try DocumentMembers(of: Data(text.utf8)))
    }

    private static func events(
        of pieces: some Sequence<ArraySlice<UInt8>>, limit: Int = 1 << 20
    ) throws -> [BulkGetEvent] {
        var scanner = BulkGetScanner(maximumDocumentSize: limit)
        var events: [BulkGetEvent] = []
        for piece in pieces {
            scanner.append(piece)
            while let event = try scanner.next() { events.append(event) }
        }
        try scanner.finish()
        return events
    }
}
