import Secrets
import Testing

@testable import CouchDB

/// How one request behaves when the server doesn't.
@Suite(.timeLimit(.minutes(1))) struct RequestTests {
    @Test func triesAgainWithGrowingPauses() async throws {
        let pacing = ManualPacing()
        let script: ScriptedServer.Script = { _, number in
            number < 3 ? .answer(502, "away", type: "text/plain") : .json("[1]")
        }
        try await withConnection(pacing: pacing.pacing, script: script) { (connection, server) async throws in
            #expect(try await connection.json(.get, ["x"]) == [1])
            #expect(server.requests.count == 4)
            #expect(pacing.pauses == [.milliseconds(250), .milliseconds(500), .seconds(1)])
        }
    }

    /// A proxy lets some requests a second through; a feed has who slows down for it.
    @Test(arguments: [(429, [1, 2, 4, 8, 10, 10]), (503, [1, 2, 4])])
    func givesABusyServerMoreTime(status: Int, pauses: [Int]) async throws {
        let pacing = ManualPacing()
        let script: ScriptedServer.Script = { request, number in
            request.target.contains("_changes") || number < pauses.count
                ? .answer(status, "slow down", type: "text/plain") : .json("[1]")
        }
        try await withConnection(pacing: pacing.pacing, script: script) { (connection, server) async throws in
            #expect(try await connection.json(.get, ["x"]) == [1])
            #expect(pacing.pauses == pauses.map { .seconds($0) })
            let before = pacing.pauses.count
            _ = try await couchError {
                for try await _ in connection.database("db").changes() {}
            }
            #expect(pacing.pauses.dropFirst(before) == [.milliseconds(250), .milliseconds(500), .seconds(1)])
        }
    }

    @Test func givesUpWithTheServersWords() async throws {
        let script: ScriptedServer.Script = { _, _ in
            .answer(500, #"{"error":"nodedown","reason":"progress not possible"}"#)
        }
        try await withConnection(script: script) { (connection, server) async throws in
            let error = try await couchError { try await connection.json(.get, ["orders"]) }
            #expect(error.code == .serverError)
            #expect(error.status == 500)
            #expect(error.error == "nodedown")
            #expect(error.reason == "progress not possible")
            #expect(error.request == "GET http://127.0.0.1:\(server.port)/orders")
            #expect(server.requests.count == 4)
        }
    }

    @Test func honoursRetryAfter() async throws {
        let pacing = ManualPacing()
        let script: ScriptedServer.Script = { _, number in
            number == 0 ? .answer(429, "{}", headers: ["Retry-After": "7"]) : .json("{}")
        }
        try await withConnection(pacing: pacing.pacing, script: script) { (connection, _) async throws in
            _ = try await connection.json(.post, ["x"], body: [:])
            #expect(pacing.pauses == [.seconds(7)])
        }
    }

    @Test func refusesToWaitForHours() async throws {
        let pacing = ManualPacing()
        let script: ScriptedServer.Script = { _, _ in .answer(429, "{}", headers: ["Retry-After": "7200"]) }
        try await withConnection(pacing: pacing.pacing, script: script) { (connection, server) async throws in
            let error = try await couchError { try await connection.json(.get, ["x"]) }
            #expect(error.code == .tooManyRequests)
            #expect(server.requests.count == 1)
            #expect(pacing.pauses.isEmpty)
        }
    }

    @Test func doesNotRepeatAWrite() async throws {
        try await withConnection(script: { _, _ in .raw("") }) { (connection, server) async throws in
            let error = try await couchError {
                try await connection.database("db").putDocument("x", members: [:])
            }
            #expect(error.code == .unreachable)
            #expect(server.requests.count == 1)
        }
    }

    @Test(arguments: [
        "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"a\":",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{\"a\":\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{\"a",
    ])
    func readsACutAnswerAgain(cut: String) async throws {
        let script: ScriptedServer.Script = { _, number in number == 0 ? .raw(cut) : .json(#"{"a":1}"#) }
        try await withConnection(script: script) { (connection, server) async throws in
            #expect(try await connection.json(.get, ["x"]) == ["a": 1])
            #expect(server.requests.count == 2)
        }
    }

    @Test func tellsACutAnswer() async throws {
        let script: ScriptedServer.Script = { _, _ in .raw("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"a\":") }
        try await withConnection(script: script) { (connection, _) async throws in
            let error = try await couchError { try await connection.json(.get, ["x"]) }
            #expect(error.code == .malformedAnswer)
        }
    }

    @Test(arguments: ["", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{"])
    func endsASilence(beginning: String) async throws {
        let configuration = ConnectionConfiguration(readTimeout: .milliseconds(50), maximumRetries: 1)
        let pacing = ManualPacing()
        let script: ScriptedServer.Script = { _, _ in .raw(beginning, end: .keepOpen) }
        try await withConnection(configuration: configuration, pacing: pacing.pacing, script: script) {
            (connection, _) async throws in
            let error = try await couchError { try await connection.json(.get, ["x"]) }
            #expect(error.code == .timeout)
            #expect(pacing.pauses.count == 1, "it is tried once more")
        }
    }

    @Test func endsAnAnswerThatDrips() async throws {
        let pacing = ManualPacing()
        let script: ScriptedServer.Script = { _, _ in
            pacing.advance(.seconds(200))
            return .answer(200, "[1]")
        }
        try await withConnection(pacing: pacing.pacing, script: script) { (connection, server) async throws in
            let error = try await couchError { try await connection.json(.get, ["x"]) }
            #expect(error.code == .timeout)
            #expect(server.requests.count == 1, "no time is left for a retry")
        }
    }

    @Test func tellsAPageFromAnAnswer() async throws {
        let page = "<!DOCTYPE html><html><title>Log in</title></html>"
        let script: ScriptedServer.Script = { _, _ in .answer(200, page, type: "text/html") }
        try await withConnection(script: script) { (connection, server) async throws in
            let error = try await couchError { try await connection.info() }
            #expect(error.code == .notCouchDB)
            #expect(error.message.contains("<title>Log in"))
            #expect(error.message.contains("proxy"))
            #expect(server.requests.count == 1)
        }
    }

    @Test(arguments: ["", "   ", "OK", "Hello"])
    func tellsOtherTextsFromAnAnswer(body: String) async throws {
        try await withConnection(script: { _, _ in .answer(200, body) }) { (connection, _) async throws in
            #expect(try await couchError { try await connection.json(.get, ["x"]) }.code == .notCouchDB)
        }
    }

    @Test func tellsAnotherService() async throws {
        try await withConnection(script: { _, _ in .json(#"{"name":"elasticsearch"}"#) }) {
            (connection, server) async throws in
            let error = try await couchError { try await connection.info() }
            #expect(error.code == .notCouchDB)
            #expect(error.request == "GET http://127.0.0.1:\(server.port)/")
        }
    }

    @Test func tellsBrokenJSON() async throws {
        try await withConnection(script: { _, _ in .json(#"{"a":"#) }) { (connection, _) async throws in
            #expect(try await couchError { try await connection.json(.get, ["x"]) }.code == .malformedAnswer)
        }
    }

    @Test(arguments: [
        (401, #"{"error":"unauthorized","reason":"Name or password is incorrect."}"#, CouchError.Code.unauthorized),
        (403, #"{"error":"forbidden","reason":"no"}"#, .forbidden),
        (404, #"{"error":"not_found","reason":"missing"}"#, .notFound),
        (401, "<html>nginx</html>", .notCouchDB), (401, #"{"error":"invalid_token"}"#, .notCouchDB),
        (403, "<html>nginx</html>", .notCouchDB), (403, #"{"error":"access_denied"}"#, .notCouchDB),
        (404, "<html>nginx</html>", .notCouchDB),
        (404, #"{"detail":"Not Found"}"#, .notCouchDB),
        (404, #"{"timestamp":1,"status":404,"error":"Not Found","path":"/x"}"#, .notCouchDB),
        (404, #"{"error":"not_found","reason":null}"#, .notFound),
        (404, #"{"error":"rewrite_error","reason":"Invalid path."}"#, .rejected),
        (409, #"{"error":"conflict","reason":"Document update conflict."}"#, .conflict),
        (412, #"{"error":"file_exists","reason":"exists"}"#, .preconditionFailed),
        (413, "<html>too large</html>", .tooLarge),
        (400, #"{"error":"bad_request","reason":"no"}"#, .rejected),
        (405, #"{"error":"method_not_allowed","reason":"no"}"#, .rejected),
        (405, "", .notCouchDB),
        (507, #"{"error":"insufficient_storage","reason":"full"}"#, .serverError),
    ])
    func givesStatusesTheirCodes(status: Int, body: String, code: CouchError.Code) async throws {
        try await withConnection(script: { _, _ in .answer(status, body) }) { (connection, server) async throws in
            let error = try await couchError { try await connection.json(.get, ["x"]) }
            #expect(error.code == code)
            #expect(error.status == status)
            #expect(server.requests.count == 1)
        }
    }

    @Test func keepsTheStatusOfALongPage() async throws {
        let page = "<html>" + String(repeating: "x", count: 500_000)
        try await withConnection(script: { _, _ in .answer(403, page) }) { (connection, _) async throws in
            let error = try await couchError { try await connection.json(.get, ["x"]) }
            #expect(error.code == .notCouchDB && error.status == 403)
            #expect(error.message.utf8.count < 500)
        }
    }

    @Test func refusesRedirects() async throws {
        let script: ScriptedServer.Script = { _, _ in
            .answer(302, "", headers: ["Location": "https://u:tiger77@login.example.org/?token=tiger77"])
        }
        try await withConnection(script: script) { (connection, server) async throws in
            let error = try await couchError { try await connection.info() }
            #expect(error.code == .notCouchDB)
            #expect(error.message.contains("https://login.example.org/"))
            #expect(!"\(error)".contains("tiger77"))
            #expect(server.requests.count == 1)
        }
    }

    @Test func boundsAnswers() async throws {
        let configuration = ConnectionConfiguration(maximumAnswerSize: 1000)
        let script: ScriptedServer.Script = { _, number in
            .json("[" + String(repeating: "1,", count: number == 0 ? 400 : 500) + "1]")
        }
        try await withConnection(configuration: configuration, script: script) { (connection, server) async throws in
            #expect(try await connection.json(.get, ["x"]).array?.count == 401)
            #expect(try await couchError { try await connection.json(.get, ["x"]) }.code == .answerTooLarge)
            #expect(server.requests.count == 2)
        }
    }

    @Test func isCancelled() async throws {
        let asked = AsyncStream<Void>.makeStream()
        let script: ScriptedServer.Script = { _, _ in
            asked.continuation.finish()
            return .raw("", end: .keepOpen)
        }
        try await withConnection(script: script) { (connection, _) async throws in
            await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { _ = try await connection.json(.get, ["x"]) }
                for await _ in asked.stream {}
                group.cancelAll()
                await #expect(throws: CancellationError.self) { try await group.next() }
            }
        }
    }

    @Test func isCancelledBetweenRetries() async throws {
        let script: ScriptedServer.Script = { _, _ in .answer(503, "") }
        let asked = AsyncStream<Void>.makeStream()
        let pacing = Pacing(
            now: { ContinuousClock.now },
            sleep: { _ in
                asked.continuation.finish()
                // Waits to be cancelled, which is what is tested; it never ends by itself.
                try await Task.sleep(for: .seconds(3600))
            }, random: { 1 })
        try await withConnection(pacing: pacing, script: script) { (connection, _) async throws in
            await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { _ = try await connection.json(.get, ["x"]) }
                for await _ in asked.stream {}
                group.cancelAll()
                await #expect(throws: CancellationError.self) { try await group.next() }
            }
        }
    }

    @Test func boundsTheRequestsAtATime() async throws {
        let configuration = ConnectionConfiguration(concurrentConnections: 2)
        let open = ConcurrencyGauge()
        let script: ScriptedServer.Script = { _, _ in
            await open.measure()
            return .json("{}")
        }
        try await withConnection(configuration: configuration, script: script) { (connection, _) async throws in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<40 { group.addTask { _ = try await connection.json(.get, ["x"]) } }
                try await group.waitForAll()
            }
        }
        #expect(open.most <= 2)
    }
}
