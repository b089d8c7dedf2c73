import CouchDB
import Foundation
import Testing

@Suite struct ChangesScannerTests {
    @Test(arguments: [
        "changes.json", "changes-include-docs.json", "changes-attachments.json", "changes-interval.json",
        "changes-empty.json", "changes-continuous.jsonl",
    ])
    func realFeedsReadTheSameInAllPieces(name: String) throws {
        let bytes = try Fixture.bytes(name)
        let feed: ChangesScanner.Feed = name.hasSuffix("jsonl") ? .continuous : .normal
        let events = try ChangesScanner.events(of: [bytes[...]], feed)
        for pieces in Pieces.allCuts(of: bytes) { #expect(try ChangesScanner.events(of: pieces, feed) == events) }
        guard case .end(let sequence, let pending) = try #require(events.last) else {
            Issue.record("no end: \(events)")
            return
        }
        #expect(sequence.displayNumber == 13)
        #expect(pending == 0)
    }

    @Test func realRows() throws {
        let rows = try Self.rows(of: Fixture.bytes("changes-include-docs.json"))
        #expect(
            rows.map(\.id) == [
                "plain", "tomb", "a/b +é\"\\", "huge", "_design/view", "odd", "gone", "attached2", "conflict",
                "attached",
            ])
        #expect(rows.filter(\.isDeleted).map(\.id) == ["tomb", "gone"])
        let conflict = try #require(rows.first { $0.id == "conflict" })
        #expect(conflict.revisions.map(\.description) == ["3-cccc", "2-bbbb", "3-eeee"])
        #expect(conflict.document == Data(#"{"_id":"conflict","_rev":"3-cccc","v":"c"}"#.utf8))
        #expect(rows.first { $0.id == "odd" }?.revisions.map(\.description) == ["1-"])
        #expect(
            rows.first { $0.id == "huge" }?.revisions.map(\.description) == ["123456789012345678901234567890-ab"])
        // Numbers, escapes and order are not touched.
        let plain = try #require(rows.first?.document)
        #expect(String(decoding: plain, as: UTF8.self).contains(#""z":1.0,"a":12345678901234567890,"e":1000.0"#))
    }

    @Test func sequencesLeftOutUnderInterval() throws {
        let rows = try Self.rows(of: Fixture.bytes("changes-interval.json"))
        #expect(rows.count == 10)
        #expect(rows.filter { $0.sequence == nil }.count > 5)
        #expect(rows.contains { $0.sequence != nil })
    }

    @Test func heartbeatsComeBeforeAndBehindARow() throws {
        var scanner = ChangesScanner(feed: .continuous)
        scanner.append(try Fixture.bytes("changes-heartbeats.jsonl"))
        var kinds = ""
        while let event = try scanner.next() {
            switch event {
            case .heartbeat: kinds += "h"
            case .row(let row): kinds += row.id
            case .end: kinds += "e"
            }
        }
        #expect(kinds == "hhhhlatehhh")
        #expect(throws: CouchError(.malformedAnswer, "")) { try scanner.finish() }
    }

    @Test func windowsLineEndsAreNoExtraHeartbeats() throws {
        let events = try ChangesScanner.events(
            of: "\r\n{\"seq\":1,\"id\":\"a\",\"changes\":[]}\r\n\r\n{\"last_seq\":1}\r\n", .continuous)
        #expect(
            events == [
                .heartbeat, .row(ChangeRow(sequence: UpdateSequence(1), id: "a", revisions: [])), .heartbeat,
                .end(lastSequence: UpdateSequence(1), pending: nil),
            ])
    }

    @Test func membersOfTheFeedInAnyOrder() throws {
        let text = #"{"pending":null,"last_seq":3,"x":[{"results":1}],"results":[]}"#
        #expect(
            try ChangesScanner.events(of: text, .normal) == [.end(lastSequence: UpdateSequence(3), pending: nil)])
    }

    /// Cloudant lists what it has removed first (`couch_replicator_api_wrap:json_to_doc_info`).
    @Test func removedRevisionIsDropped() throws {
        let text = #"""
            {"results":[{"seq":1,"id":"a","changes":[{"rev":"2-b"},{"rev":"1-a"}],"removed":true}],"last_seq":1}
            """#
        let row = try #require(try Self.rows(of: Array(text.utf8)).first)
        #expect(row.isRemoved)
        #expect(row.revisions == [RevisionID("1-a")])
    }

    @Test func escapedIdsAndKeys() throws {
        let text = #"""
            {"results":[{"s\u0065q":"1","i\u0064":"\ud83d\ude00\u00e9\/\\\"","changes":[{"re\u0076":"1-\u0061"}]}],"last_seq":1}
            """#
        let row = try #require(try Self.rows(of: Array(text.utf8)).first)
        #expect(row.id == "😀é/\\\"")
        #expect(row.revisions == [RevisionID("1-a")])
    }

    @Test(arguments: [
        // No id, no seq, no changes, wrong types.
        #"{"seq":1,"changes":[]}"#, #"{"id":"a","changes":[]}"#, #"{"seq":1,"id":"a"}"#,
        #"{"seq":1,"id":7,"changes":[]}"#, #"{"seq":1,"id":"a","changes":{}}"#,
        #"{"seq":1,"id":"a","changes":[{}]}"#, #"{"seq":1,"id":"a","changes":[{"rev":1}]}"#,
        #"{"seq":1,"id":"a","changes":[{"rev":"a"}]}"#, #"{"seq":1,"id":"a","changes":[],"deleted":1}"#,
        // An id that no text can hold.
        #"{"seq":1,"id":"\ud83d","changes":[]}"#, #"{"seq":1,"id":"\ude00\ud83d","changes":[]}"#,
        // Broken JSON, also within the document.
        #"{"seq":1,"id":"a","changes":[],}"#, #"{"seq":1,"id":"a","changes":[,]}"#,
        #"{"seq":1,"id":"a" "changes":[]}"#, #"{"seq":1,"id":"a","changes":[],"doc":{"a":01}}"#,
        #"{"seq":1,"id":"a","changes":[],"doc":{"a":[1}}"#, #"{"seq":1,"id":"a","changes":[],"doc":{"a":tru}}"#,
        #"{"seq":1,"id":"a","changes":[],"doc":{"a":"\x"}}"#, #"{"seq":1,"id":"a","changes":[],"doc":{a:1}}"#,
        "{\"seq\":1,\"id\":\"a\u{1}\",\"changes\":[]}", "[]", "1", "null", "{}",
    ])
    func brokenRowsAreErrors(row: String) {
        let feed = #"{"results":[\#n"# + row + #"],\#n"last_seq":1,"pending":0}"#
        #expect(throws: CouchError(.malformedAnswer, "")) { try ChangesScanner.events(of: feed, .normal) }
        let good = #"{"seq":1,"id":"a","changes":[]}"#
        #expect(throws: CouchError(.malformedAnswer, "")) {
            try ChangesScanner.events(of: "\(good)\n\(row)\n{\"last_seq\":1}\n", .continuous)
        }
    }

    @Test(arguments: [
        #"{"last_seq":1}"#, #"{"results":[]}"#, #"{"results":[],"last_seq":null}"#, #"{"results":{},"last_seq":1}"#,
        #"{"results":[],"last_seq":1,}"#, #"{"results":[],"last_seq":1}}"#, #"{"results":[],"last_seq":1} x"#,
        #"{"results":[] "last_seq":1}"#, #"{"results" [],"last_seq":1}"#, #"{,"results":[],"last_seq":1}"#,
        #"{"results":[{"seq":1,"id":"a","changes":[]},],"last_seq":1}"#,
        #"{"results":[{"seq":1,"id":"a","changes":[]}{"seq":2,"id":"b","changes":[]}],"last_seq":1}"#, "{}", "",
    ])
    func brokenFeedsAreErrors(text: String) {
        #expect(throws: CouchError(.malformedAnswer, "")) { try ChangesScanner.events(of: text, .normal) }
    }

    @Test(arguments: [ChangesScanner.Feed.normal, .continuous])
    func pageOfAProxyIsNotCouchDB(feed: ChangesScanner.Feed) {
        #expect(throws: CouchError(.notCouchDB, "")) {
            try ChangesScanner.events(of: "\n<html><title>Sign in</title>", feed)
        }
    }

    /// A server that fails under way says so where the next row or the end should be.
    @Test func errorsOfTheServerKeepTheirWords() {
        let report = #"{"error":"timeout","reason":"The request could not be processed"}"#
        let row = #"{"seq":1,"id":"a","changes":[]}"#
        for (text, feed) in [
            (report, ChangesScanner.Feed.normal), ("{\"results\":[\n\(row)\n\(report)", .normal),
            ("{\"results\":[\n\(row),\n\(report)", .normal), ("\(row)\n\(report)\n", .continuous),
        ] {
            let error = #expect(throws: CouchError(.serverError, "")) { try ChangesScanner.events(of: text, feed) }
            #expect(error?.error == "timeout")
            #expect(error?.reason == "The request could not be processed")
        }
    }

    @Test func failureIsRepeated() {
        var scanner = ChangesScanner(feed: .normal)
        scanner.append(Array("{]".utf8))
        #expect(throws: CouchError(.malformedAnswer, "")) { try scanner.next() }
        scanner.append(Array(#""results":[],"last_seq":1}"#.utf8))
        #expect(throws: CouchError(.malformedAnswer, "")) { try scanner.next() }
        #expect(throws: CouchError(.malformedAnswer, "")) { try scanner.finish() }
    }

    @Test func rowsAreBounded() throws {
        let row = #"{"seq":1,"id":"a","changes":[],"doc":{"text":""# + String(repeating: "x", count: 1000) + "\"}}"
        let bytes = Array("{\"results\":[\(row)],\"last_seq\":1}".utf8)
        let size = row.utf8.count
        for pieces in [[bytes[...]], bytes.indices.map { bytes[$0...$0] }] {
            #expect(try ChangesScanner.events(of: pieces, .normal, maximumRowSize: size).count == 2)
            #expect(throws: CouchError(.malformedAnswer, "")) {
                try ChangesScanner.events(of: pieces, .normal, maximumRowSize: size - 1)
            }
        }
    }

    /// CouchDB 3.5.0 stores and serves such documents; a scanner that recursed would overflow its stack.
    @Test func deepNestingIsRead() throws {
        let depth = 500_000
        let document = #"{"x":"# + String(repeating: "[", count: depth) + String(repeating: "]", count: depth) + "}"
        let feed = #"{"results":[{"seq":1,"id":"a","changes":[],"doc":"# + document + #"}],"last_seq":1}"#
        let events = try ChangesScanner.events(of: feed, .normal, maximumRowSize: 1 << 21)
        guard case .row(let row) = events.first else {
            Issue.record("no row")
            return
        }
        #expect(row.document?.count == document.utf8.count)
        let broken = feed.replacing("]}}]", with: "}}}]")
        #expect(throws: CouchError(.malformedAnswer, "")) {
            try ChangesScanner.events(of: broken, .normal, maximumRowSize: 1 << 21)
        }
    }

    private static func rows(of bytes: [UInt8]) throws -> [ChangeRow] {
        try ChangesScanner.events(of: [bytes[...]], .normal).compactMap { event in
            if case .row(let row) = event { row } else { nil }
        }
    }
}
