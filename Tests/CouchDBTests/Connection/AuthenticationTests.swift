import CouchSim
import Secrets
import Testing

@testable import CouchDB

@Suite(.timeLimit(.minutes(1))) struct AuthenticationTests {
    @Test func sendsNothingWithoutCredentials() async throws {
        try await withConnection(script: { _, _ in .json("{}") }) { (connection, server) async throws in
            _ = try await connection.json(.get, [])
            #expect(server.requests.first?.headers["authorization"] == nil)
        }
    }

    @Test func sendsBasic() async throws {
        let authentication = Authentication.basic(user: "admin", password: Secret("pä:ss"))
        try await withConnection(authentication, script: { _, _ in .json("{}") }) { (connection, server) async throws in
            _ = try await connection.json(.get, [])
            #expect(server.requests.first?.headers["authorization"] == "Basic YWRtaW46cMOkOnNz")
        }
    }

    @Test func sendsBearer() async throws {
        try await withConnection(.bearer(Secret("a.b.c")), script: { _, _ in .json("{}") }) {
            (connection, server) async throws in
            _ = try await connection.json(.get, [])
            #expect(server.requests.first?.headers["authorization"] == "Bearer a.b.c")
        }
    }

    @Test(arguments: [
        Authentication.basic(user: "a:b", password: Secret("tiger77")), .bearer(Secret("tiger77\r\nX: y")),
        .bearer(Secret("")), .session(user: "", password: Secret("tiger77")),
    ])
    func refusesWhatCanNotBeSent(authentication: Authentication) throws {
        let url = try ServerURL("http://127.0.0.1:9")
        let error = try #require(throws: CouchError.self) {
            try ServerConnection(url: url, authentication: authentication)
        }
        #expect(error.code == .invalidInput)
        #expect(!"\(error)".contains("tiger77"))
    }

    @Test(arguments: [
        Authentication.basic(user: "u", password: Secret("tiger77")), .bearer(Secret("tiger77")),
        .session(user: "u", password: Secret("tiger77")),
    ])
    func neverDumpsASecret(authentication: Authentication) async throws {
        let script: ScriptedServer.Script = { _, _ in
            .answer(200, "{}", headers: ["Set-Cookie": "AuthSession=tiger77"])
        }
        try await withConnection(authentication, script: script) { (connection, _) async throws in
            _ = try await connection.json(.get, ["x"])
            var dumped = ""
            dump(connection, to: &dumped)
            #expect(!dumped.contains("tiger77"))
            #expect(!dumped.contains("dTp0aWdlcjc3"), "not in base64 either")
        }
    }

    @Test func neverPrintsASecret() {
        for authentication in [
            Authentication.basic(user: "u", password: Secret("tiger77")), .bearer(Secret("tiger77")),
            .session(user: "u", password: Secret("tiger77")),
        ] {
            var dumped = ""
            dump(authentication, to: &dumped)
            #expect(!"\(authentication)\(String(reflecting: authentication))\(dumped)".contains("tiger77"))
        }
    }
}

/// The cookie session over a real socket.
@Suite(.timeLimit(.minutes(1))) struct CookieSessionTests {
    static let authentication = Authentication.session(user: "ad min", password: Secret("p&ss=w"))

    /// Answers logins with cookies `c1`, `c2` and so on, and other requests only with the newest of them.
    private final class Sessions: Sendable {
        private let count = Counter()
        private let ended = Counter()

        var logins: Int { count.value }

        /// Makes the newest cookie invalid.
        func endSession() { ended.set(count.value) }

        func answer(_ request: ReceivedRequest) -> ScriptedAnswer {
            if request.path == "/_session", request.method == "POST" {
                let number = count.increment()
                return .answer(
                    200, #"{"ok":true}"#,
                    headers: ["Set-Cookie": "AuthSession=c\(number); Version=1; Max-Age=600; Path=/; HttpOnly"])
            }
            guard request.headers["cookie"] == "AuthSession=c\(count.value)", count.value > ended.value else {
                return .answer(401, #"{"error":"unauthorized","reason":"You are not authorized"}"#)
            }
            return .json("[]")
        }
    }

    @Test func logsInOnceForManyRequests() async throws {
        let sessions = Sessions()
        let script: ScriptedServer.Script = { request, _ in sessions.answer(request) }
        try await withConnection(Self.authentication, script: script) { (connection, server) async throws in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<30 { group.addTask { _ = try await connection.json(.get, ["x"]) } }
                try await group.waitForAll()
            }
            #expect(sessions.logins == 1)
            #expect(server.requests.count == 31)
            let login = try #require(server.requests.first { $0.path == "/_session" })
            #expect(login.body == "name=ad%20min&password=p%26ss%3Dw")
            #expect(login.headers["content-type"] == "application/x-www-form-urlencoded")
        }
    }

    @Test func renewsBeforeTheEnd() async throws {
        let (sessions, pacing) = (Sessions(), ManualPacing())
        let script: ScriptedServer.Script = { request, _ in sessions.answer(request) }
        try await withConnection(Self.authentication, pacing: pacing.pacing, script: script) {
            (connection, server) async throws in
            _ = try await connection.json(.get, ["x"])
            pacing.advance(.seconds(549))
            _ = try await connection.json(.get, ["x"])
            #expect(sessions.logins == 1)
            pacing.advance(.seconds(1))
            _ = try await connection.json(.get, ["x"])
            #expect(sessions.logins == 2)
            #expect(server.requests.count == 5, "no request was rejected")
        }
    }

    @Test func renewsOnceOnARejection() async throws {
        let sessions = Sessions()
        let script: ScriptedServer.Script = { request, _ in sessions.answer(request) }
        try await withConnection(Self.authentication, script: script) { (connection, _) async throws in
            _ = try await connection.json(.get, ["x"])
            sessions.endSession()
            // Also a request that must not be repeated: a rejected one was not carried out.
            _ = try await connection.json(.post, ["x"], body: [:])
            #expect(sessions.logins == 2)
        }
    }

    @Test func doesNotLogInForEver() async throws {
        let script: ScriptedServer.Script = { request, _ in
            request.path == "/_session"
                ? .answer(200, "{}", headers: ["Set-Cookie": "AuthSession=c"])
                : .answer(401, #"{"error":"unauthorized","reason":"no"}"#)
        }
        try await withConnection(Self.authentication, script: script) { (connection, server) async throws in
            #expect(try await couchError { try await connection.json(.get, ["x"]) }.code == .unauthorized)
            #expect(
                server.requests.map { "\($0.method) \($0.path)" } == [
                    "POST /_session", "GET /x", "POST /_session", "GET /x", "GET /_session",
                ], "the last one asks whom the server takes us for")
        }
    }

    @Test func sharesOneFailedLogin() async throws {
        let script: ScriptedServer.Script = { _, _ in
            .answer(401, #"{"error":"unauthorized","reason":"Name or password is incorrect."}"#)
        }
        try await withConnection(Self.authentication, script: script) { (connection, server) async throws in
            let errors = await withTaskGroup(of: CouchError?.self) { group in
                for _ in 0..<50 {
                    group.addTask { try? await couchError { try await connection.json(.get, ["x"]) } }
                }
                return await group.reduce(into: []) { $0.append($1) }
            }
            #expect(errors.allSatisfy { $0?.code == .unauthorized })
            #expect(server.requests.count < 50)
            #expect(server.requests.allSatisfy { $0.path == "/_session" })
        }
    }

    private static let incorrect = #"{"error":"unauthorized","reason":"Name or password is incorrect."}"#

    /// Before 3.0 a server with `require_valid_user` lets nobody log in who is not logged in.
    @Test(arguments: [true, false]) func logsInWhereALoginNeedsOne(isRight: Bool) async throws {
        let script: ScriptedServer.Script = { request, _ in
            if request.headers["cookie"] == "AuthSession=c" { return .json("[]") }
            return switch request.headers["authorization"] {
            case nil: .answer(401, #"{"error":"unauthorized","reason":"Authentication required."}"#)
            case "Basic YWQgbWluOnAmc3M9dw==" where isRight:
                .answer(200, #"{"ok":true}"#, headers: ["Set-Cookie": "AuthSession=c"])
            default: .answer(401, Self.incorrect)
            }
        }
        try await withConnection(Self.authentication, script: script) { (connection, server) async throws in
            if isRight {
                #expect(try await connection.json(.get, ["x"]) == [])
            } else {
                let error = try await couchError { try await connection.json(.get, ["x"]) }
                #expect(error.code == .unauthorized && error.reason == "Name or password is incorrect.")
            }
            #expect(server.requests.map(\.path) == ["/_session", "/_session"] + (isRight ? ["/x"] : []))
            #expect(
                server.requests.map { $0.headers["authorization"] != nil } == [false, true] + (isRight ? [false] : []))
            #expect(server.requests.prefix(2).allSatisfy { $0.body == "name=ad%20min&password=p%26ss%3Dw" })
        }
    }

    @Test func logsInToASimulated1xThatRequiresIt() async throws {
        var options = ServerOptions(version: ServerVersion(1, 7, 1))
        options.settings["couch_httpd_auth"] = ["require_valid_user": "true"]
        try await withSimulatedServer(options) { server in
            let url = try ServerURL(server.baseURL)
            let anonymous = try ServerConnection(url: url)
            try await shuttingDown(anonymous) { () async throws in
                #expect(try await couchError { try await anonymous.info() }.code == .unauthorized)
            }
            let connection = try ServerConnection(
                url: url, authentication: .session(user: server.administrator, password: server.password))
            try await shuttingDown(connection) { () async throws in
                #expect(try await connection.session().userName == server.administrator)
            }
        }
    }

    /// Servers count wrong passwords and lock the account.
    @Test func triesAWrongPasswordOnce() async throws {
        let script: ScriptedServer.Script = { _, _ in .answer(401, Self.incorrect) }
        try await withConnection(Self.authentication, script: script) { (connection, server) async throws in
            #expect(try await couchError { try await connection.json(.get, ["x"]) }.code == .unauthorized)
            #expect(server.requests.count == 1 && server.requests.allSatisfy { $0.headers["authorization"] == nil })
        }
    }

    @Test func tellsALockedAccount() async throws {
        let reason = "Account is temporarily locked due to multiple authentication failures"
        let script: ScriptedServer.Script = { _, _ in .answer(403, #"{"error":"forbidden","reason":"\#(reason)"}"#) }
        for authentication in [Self.authentication, .basic(user: "u", password: Secret("p"))] {
            try await withConnection(authentication, script: script) { (connection, server) async throws in
                let error = try await couchError { try await connection.json(.get, ["x"]) }
                #expect(error.code == .forbidden && error.reason == reason)
                // What to do is said once, where it is told.
                #expect(error.message == "CouchDB answered 403 forbidden: \(reason)")
                #expect(server.requests.count == 1)
            }
        }
    }

    @Test(arguments: [404, 405])
    func tellsAServerWithoutSessions(status: Int) async throws {
        let script: ScriptedServer.Script = { _, _ in .answer(status, #"{"error":"not_found","reason":"missing"}"#) }
        try await withConnection(Self.authentication, script: script) { (connection, _) async throws in
            let error = try await couchError { try await connection.json(.get, ["x"]) }
            #expect(error.code == .unsupported)
            #expect(error.message.contains("basic"))
        }
    }

    /// A proxy that has no `/_session` is not a server without sessions, and its login is not CouchDB's.
    @Test(arguments: [401, 403, 404, 405, 400])
    func tellsAProxyThatKeepsTheLoginBack(status: Int) async throws {
        let script: ScriptedServer.Script = { _, _ in .answer(status, "<html>", type: "text/html") }
        try await withConnection(Self.authentication, script: script) { (connection, _) async throws in
            let error = try await couchError { try await connection.json(.get, ["x"]) }
            #expect(error.code == .notCouchDB && error.status == status)
            #expect(error.message.contains("--basic") == (status != 400), "\(error)")
            #expect(error.message.contains("asks for a login") == (status == 401), "\(error)")
        }
    }

    @Test func tellsAProxyThatAsksForALoginOfItsOwn() async throws {
        let script: ScriptedServer.Script = { request, _ in
            request.path == "/_session"
                ? .answer(200, "{}", headers: ["Set-Cookie": "AuthSession=c"])
                : .answer(401, "<html>", type: "text/html")
        }
        try await withConnection(Self.authentication, script: script) { (connection, _) async throws in
            let error = try await couchError { try await connection.json(.get, ["x"]) }
            #expect(error.code == .notCouchDB && error.message.contains("--basic"), "\(error)")
        }
        try await withConnection(.basic(user: "u", password: Secret("p")), script: script) {
            (connection, _) async throws in
            let error = try await couchError { try await connection.json(.get, ["x"]) }
            #expect(error.code == .notCouchDB && !error.message.contains("--basic"), "\(error)")
        }
    }

    /// Who is known and no admin is refused with 401 too.
    @Test(arguments: [#"{"name":null,"roles":[]}"#, #"{"name":"ad min","roles":[]}"#])
    func tellsADroppedCookie(user: String) async throws {
        let script: ScriptedServer.Script = { request, _ in
            switch (request.method, request.path) {
            case ("POST", "/_session"): .answer(200, "{}", headers: ["Set-Cookie": "AuthSession=c"])
            case (_, "/_session"): .json(#"{"ok":true,"userCtx":\#(user)}"#)
            default: .answer(401, #"{"error":"unauthorized","reason":"You are not a server admin."}"#)
            }
        }
        try await withConnection(Self.authentication, script: script) { (connection, _) async throws in
            let error = try await couchError { try await connection.json(.get, ["_all_dbs"]) }
            let isDropped = user.contains("null")
            #expect(error.code == (isDropped ? .notCouchDB : .unauthorized))
            #expect(error.message.contains("drops the header Cookie") == isDropped, "\(error)")
        }
    }

    @Test func tellsATakenCookie() async throws {
        try await withConnection(Self.authentication, script: { _, _ in .json("{}") }) { (connection, _) async throws in
            #expect(try await couchError { try await connection.json(.get, ["x"]) }.code == .notCouchDB)
        }
    }

    @Test func logsInAgainAfterACancelledLogin() async throws {
        let sessions = Sessions()
        let asked = AsyncStream<Void>.makeStream()
        let script: ScriptedServer.Script = { request, number in
            guard number > 0 else {
                asked.continuation.finish()
                return .raw("", end: .keepOpen)
            }
            return sessions.answer(request)
        }
        try await withConnection(Self.authentication, script: script) { (connection, _) async throws in
            await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { _ = try await connection.json(.get, ["x"]) }
                for await _ in asked.stream {}
                group.cancelAll()
                await #expect(throws: CancellationError.self) { try await group.next() }
            }
            #expect(try await connection.json(.get, ["x"]) == [])
        }
    }
}
