import Foundation
import Testing

@testable import CouchDB

/// Changes feeds over a real socket.
@Suite(.timeLimit(.minutes(1))) struct ChangesFeedTests {
    private static let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"

    private static func chunk(_ text: String) -> String {
        "\(String(text.utf8.count, radix: 16))\r\n\(text)\r\n"
    }

    private static func row(_ number: Int) -> String {
        #"{"seq":"\#(number)-x","id":"d\#(number)","changes":[{"rev":"1-\#(String(repeating: "a", count: 32))"}]}"#
    }

    private func events(_ feed: ChangesFeed) async throws -> [ChangesEvent] {
        var events: [ChangesEvent] = []
        for try await event in feed { events.append(event) }
        return events
    }

    /// Collects what comes before the error.
    private func eventsBeforeError(_ feed: ChangesFeed) async throws -> (events: [ChangesEvent], error: CouchError) {
        var events: [ChangesEvent] = []
        do {
            for try await event in feed { events.append(event) }
        } catch let error as CouchError {
            return (events, error)
        }
        throw Unexpected(description: "the feed ended without an error")
    }

    @Test func readsANormalFeed() async throws {
        try await withConnection(script: try Recording("server-answers").script) { (connection, server) async throws in
            let events = try await events(connection.database("rec").changes(ChangesOptions(limit: 3)))
            #expect(server.requests.map(\.target) == ["/rec/_changes?feed=normal&limit=3&since=0&style=all_docs"])
            #expect(events.count == 4 || events.count == 1)
            guard case .end(let last, let pending)? = events.last else {
                Issue.record("no end: \(events)")
                return
            }
            #expect(last.displayNumber == 3 || last.displayNumber == 20500)
            #expect(pending == 20497 || pending == 0)
        }
    }

    @Test func readsAContinuousFeedWithHeartbeats() async throws {
        let pieces = [Self.row(1) + "\n", "\n", "\n" + Self.row(2), "\n", #"{"last_seq":"2-x","pending":5}"# + "\n"]
        let script: ScriptedServer.Script = { _, _ in
            .raw(Self.head + pieces.map(Self.chunk).joined() + "0\r\n\r\n", end: .keepOpen)
        }
        try await withConnection(script: script) { (connection, server) async throws in
            let options = ChangesOptions(mode: .continuous, since: UpdateSequence("7-a+b"), sequenceInterval: 100)
            let events = try await events(connection.database("db").changes(options))
            #expect(events.count == 5)
            #expect(events[1] == .heartbeat && events[2] == .heartbeat)
            #expect(events.last == .end(lastSequence: UpdateSequence("2-x"), pending: 5))
            #expect(
                server.requests.first?.query == [
                    "feed": "continuous", "heartbeat": "20000", "seq_interval": "100", "since": "7-a+b",
                    "style": "all_docs",
                ])
        }
    }

    @Test func asksForSomeDocumentsByPost() async throws {
        let script: ScriptedServer.Script = { _, _ in .json(#"{"results":[],"last_seq":"1-x","pending":0}"#) }
        try await withConnection(script: script) { (connection, server) async throws in
            let options = ChangesOptions(
                mode: .longpoll, allLeaves: false, includeDocuments: true, documentIDs: ["a/b", "ü"],
                patience: .milliseconds(1500))
            let events = try await events(connection.database("db").changes(options))
            #expect(events == [.end(lastSequence: UpdateSequence("1-x"), pending: 0)])
            let request = try #require(server.requests.first)
            #expect(request.method == "POST")
            #expect(request.body == #"{"doc_ids":["a/b","ü"]}"#)
            #expect(
                request.query == [
                    "feed": "longpoll", "filter": "_doc_ids", "include_docs": "true", "since": "0", "timeout": "1500",
                ])
        }
    }

    @Test func keepsTheBytesOfDocuments() async throws {
        let document = #"{"b":1.50,  "a":1e400,"a":2,"_id":"d1","_rev":"1-x","n":12345678901234567890}"#
        let row = #"{"seq":1,"id":"d1","changes":[{"rev":"1-x"}],"doc":\#(document)}"#
        let script: ScriptedServer.Script = { _, _ in .json(#"{"results":[\#(row)],"last_seq":1}"#) }
        try await withConnection(script: script) { (connection, _) async throws in
            let events = try await events(connection.database("db").changes(ChangesOptions(includeDocuments: true)))
            guard case .row(let row)? = events.first else {
                Issue.record("no row")
                return
            }
            #expect(row.document == Data(document.utf8))
        }
    }

    @Test func endsAFeedThatGoesSilent() async throws {
        let configuration = ConnectionConfiguration(readTimeout: .milliseconds(100))
        let script: ScriptedServer.Script = { _, _ in .raw(Self.head + Self.chunk(Self.row(1) + "\n"), end: .keepOpen) }
        try await withConnection(configuration: configuration, script: script) { (connection, server) async throws in
            let feed = connection.database("db").changes(ChangesOptions(mode: .continuous))
            let (events, error) = try await eventsBeforeError(feed)
            #expect(events.count <= 1)
            #expect(error.code == .timeout)
            #expect(error.request == "GET http://127.0.0.1:\(server.port)/db/_changes")
        }
    }

    @Test(arguments: [
        (ChangesOptions.Mode.normal, #"{"results":["# + row(1), CouchError.Code.malformedAnswer),
        (.normal, #"{"results":["# + row(1) + "]", .malformedAnswer),
        (.normal, #"{"results":["# + row(1) + #"],"last_seq":"1-x""#, .malformedAnswer),
        (.continuous, row(1) + "\n", .malformedAnswer),
        (.continuous, row(1) + "\n" + #"{"seq":"2"#, .malformedAnswer),
        (.normal, "<html>down for maintenance</html>", .notCouchDB),
    ])
    func tellsACutFeed(mode: ChangesOptions.Mode, body: String, code: CouchError.Code) async throws {
        // Cut by a proxy that ends the answer well, and by a connection that breaks.
        for ending in ["0\r\n\r\n", ""] {
            let script: ScriptedServer.Script = { _, _ in .raw(Self.head + Self.chunk(body) + ending) }
            try await withConnection(script: script) { (connection, server) async throws in
                let feed = connection.database("db").changes(ChangesOptions(mode: mode))
                let (events, error) = try await eventsBeforeError(feed)
                #expect(events.count == (body.contains("changes") ? 1 : 0), "a row before the cut counts")
                #expect(error.code == code)
                #expect(error.request?.hasSuffix("/db/_changes") == true)
                #expect(server.requests.count == 1, "a feed is not repeated in the middle")
            }
        }
    }

    @Test func triesAgainBeforeTheFeedBegins() async throws {
        let script: ScriptedServer.Script = { _, number in
            number == 0 ? .answer(503, "") : .json(#"{"results":[],"last_seq":1}"#)
        }
        try await withConnection(script: script) { (connection, server) async throws in
            let events = try await events(connection.database("db").changes())
            #expect(events.count == 1)
            #expect(server.requests.count == 2)
        }
    }

    @Test func tellsAMissingDatabase() async throws {
        try await withConnection(script: { _, _ in .noDatabase }) { (connection, _) async throws in
            let (_, error) = try await eventsBeforeError(connection.database("db").changes())
            #expect(error.isDatabaseMissing)
        }
    }

    @Test func isCancelled() async throws {
        let script: ScriptedServer.Script = { _, _ in .raw(Self.head + Self.chunk(Self.row(1) + "\n"), end: .keepOpen) }
        try await withConnection(script: script) { (connection, _) async throws in
            let seen = AsyncStream<Void>.makeStream()
            await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    for try await _ in connection.database("db").changes(ChangesOptions(mode: .continuous)) {
                        seen.continuation.finish()
                    }
                }
                for await _ in seen.stream {}
                group.cancelAll()
                await #expect(throws: CancellationError.self) { try await group.next() }
            }
        }
    }

    @Test func holdsBackTheServer() async throws {
        // 160 MB, of which the sockets' buffers may hold some: up to 36 MB with Linux's usual limits.
        let (count, lead) = (1600, 640)
        let text = String(repeating: "a", count: 100_000)
        let row = #"{"seq":1,"id":"d","changes":[{"rev":"1-x"}],"doc":{"t":"\#(text)"}}"# + "\n"
        let written = Counter()
        let script: ScriptedServer.Script = { _, _ in
            .repeated(Self.head, Self.chunk(row), count: count) { written.increment() }
        }
        try await withConnection(script: script) { (connection, _) async throws in
            var iterator = connection.database("db").changes(ChangesOptions(mode: .continuous)).makeAsyncIterator()
            for number in 0..<count {
                guard case .row? = try await iterator.next() else { throw Unexpected(description: "no row") }
                #expect(written.value - number < lead, "the server must not get rid of rows that nobody reads")
            }
        }
    }
}
