import CouchDB
import NIOHTTP1
import Replication
import Secrets
import Testing

@testable import ReplicaServer

/// What a browser gets on the wire, whatever the answer is.
@Suite(.timeLimit(.minutes(1)))
struct CrossOriginServingTests {
    private static let page = "https://app.example.org"
    private static let token = "Bearer tok"

    private func serving(
        _ replica: any ServableReplica = MemoryReplica(),
        allowed: AllowedOrigins = .listed([CrossOriginServingTests.page]),
        access: ServerAccess = .token(Secret("tok")), _ body: @Sendable (RunningServer) async throws -> Void
    ) async throws {
        try await withServer(["db": replica], access: access, adjust: { $0.allowedOrigins = allowed }, body)
    }

    private func value(_ name: String, of answer: RawClient.Answer) -> String? { answer.headers.first(name: name) }

    private func tellsOfPages(_ answer: RawClient.Answer) -> Bool {
        answer.headers.contains { $0.name.lowercased().hasPrefix("access-control-") }
    }

    /// Browsers send no login with them.
    @Test(arguments: [
        "/", "/db", "/db/_changes?feed=longpoll", "/db/_local/x", "/none/a/b", "/_session", "/_up", "/_none",
    ])
    func preflightsNeedNoLogin(path: String) async throws {
        try await serving { server in
            let asked = [
                "Origin": Self.page, "Access-Control-Request-Method": "PUT",
                "Access-Control-Request-Headers": "authorization,content-type",
                "Access-Control-Request-Private-Network": "true",
            ]
            let answer = try await server.client.send(.OPTIONS, path, headers: asked)
            #expect(answer.status == 204 && answer.bytes.isEmpty)
            #expect(value("content-length", of: answer) == nil && value("content-type", of: answer) == nil)
            #expect(value("access-control-allow-origin", of: answer) == Self.page)
            #expect(value("access-control-allow-methods", of: answer)?.contains("PUT") == true)
            #expect(value("access-control-allow-headers", of: answer)?.contains("authorization") == true)
            #expect(value("access-control-allow-private-network", of: answer) == "true")
            #expect(value("access-control-max-age", of: answer) == "600")

            let other = asked.merging(["Origin": "https://other.example.org"]) { $1 }
            let refused = try await server.client.send(.OPTIONS, path, headers: other)
            let plain = try await server.client.send(.OPTIONS, path)
            for answer in [refused, plain] { #expect(answer.status >= 400 && !tellsOfPages(answer)) }
            #expect(refused.status == plain.status)
        }
    }

    /// It is the whole answer, and the connection goes on; a client that checks its own addresses does not send the second.
    @Test func preflightsLeaveTheConnectionOpen() async throws {
        try await serving { server in
            try await RawConnection.open(to: server.port) { connection in
                for path in ["/db", "/%zz", "/db"] {
                    try await connection.send(
                        "OPTIONS", path, header: "Origin: \(Self.page)\r\nAccess-Control-Request-Method: GET")
                    let head = try #require(try await connection.read(to: "\r\n\r\n")).lowercased()
                    #expect(head.hasPrefix("http/1.1 204 ") && !head.contains("transfer-encoding"), "\(head)")
                }
                try await connection.send(
                    "OPTIONS", "/db",
                    header: "Connection: close\r\nOrigin: \(Self.page)\r\nAccess-Control-Request-Method: GET")
                let last = try await connection.read(to: "\r\n\r\n")
                #expect(last?.lowercased().contains("connection: close\r\n") == true)
                #expect(try await connection.read(to: "nothing") == nil)
            }
        }
    }

    @Test func answersCanBeReadByAllowedPagesOnly() async throws {
        let replica = MemoryReplica()
        try replica.edit("a")
        try await serving(replica) { server in
            for path in ["/", "/db", "/db/a", "/db/_all_docs", "/db/_changes", "/db/_changes?feed=longpoll"] {
                for method in [HTTPMethod.GET, .HEAD] {
                    let headers = ["Authorization": Self.token, "Origin": Self.page]
                    let answer = try await server.client.send(method, path, headers: headers)
                    #expect(answer.status == (method == .HEAD && path.hasSuffix("longpoll") ? 405 : 200), "\(path)")
                    #expect(value("access-control-allow-origin", of: answer) == Self.page, "\(method) \(path)")
                    #expect(value("access-control-allow-credentials", of: answer) == "true")
                    #expect(value("access-control-expose-headers", of: answer)?.contains("etag") == true)
                    #expect(answer.headers["vary"] == ["Origin"])

                    let other = headers.merging(["Origin": "https://other.example.org"]) { $1 }
                    let kept = try await server.client.send(method, path, headers: other)
                    #expect(kept.status == answer.status && kept.bytes == answer.bytes && !tellsOfPages(kept))
                    #expect(kept.headers["vary"] == ["Origin"])
                }
            }
            let tag = value("etag", of: try await server.client.get("/db/a", headers: ["Authorization": Self.token]))
            let known = try await server.client.get(
                "/db/a", headers: ["Authorization": Self.token, "Origin": Self.page, "If-None-Match": tag ?? ""])
            #expect(known.status == 304 && value("access-control-allow-origin", of: known) == Self.page)
        }
    }

    /// A page that can't read an error takes it for a lost connection.
    @Test func errorsCanBeReadToo() async throws {
        try await serving(FailingReplica(failsAfter: 0)) { server in
            for (method, path, login, status) in [
                (HTTPMethod.GET, "/db", "", 401), (.HEAD, "/db", "Bearer wrong", 401), (.GET, "/none", Self.token, 404),
                (.POST, "/_session", "", 404), (.DELETE, "/db/_changes", Self.token, 405),
                (.PUT, "/db/a", Self.token, 403),
                // Before the answer has begun, and as it begins.
                (.GET, "/db/_changes?filter=_doc_ids&doc_ids=%5B%22a%22%5D", Self.token, 500),
                (.GET, "/db/_changes?include_docs=true", Self.token, 500),
                (.HEAD, "/db/_changes?include_docs=true", Self.token, 500),
            ] {
                let answer = try await server.client.send(
                    method, path, method == .POST ? "{}" : nil, headers: ["Authorization": login, "Origin": Self.page])
                #expect(answer.status == status, "\(method) \(path): \(answer)")
                #expect(value("access-control-allow-origin", of: answer) == Self.page, "\(method) \(path)")
                #expect(value("access-control-allow-credentials", of: answer) == "true")
                if status == 401 { #expect(value("www-authenticate", of: answer) != nil) }
            }
        }
    }

    /// A browser that is told of a login that it knows asks its user for it, and the page hangs meanwhile.
    @Test func pagesAreNotMadeToAskForALogin() async throws {
        try await serving(access: .basic(user: "u", password: Secret("p"))) { server in
            for login in ["", "Basic wrong"] {
                let page = try await server.client.get("/db", headers: ["Authorization": login, "Origin": Self.page])
                #expect(page.status == 401 && value("www-authenticate", of: page) == nil)
                #expect(page.json["error"] == "unauthorized")
                // Opened in a tab, where that is wanted.
                let tab = try await server.client.get("/db", headers: ["Authorization": login])
                #expect(tab.status == 401 && value("www-authenticate", of: tab)?.hasPrefix("Basic") == true)
            }
        }
    }

    @Test(arguments: ["continuous", "longpoll", "eventsource"])
    func feedsCanBeRead(feed: String) async throws {
        try await serving { server in
            try await RawConnection.open(to: server.port) { connection in
                try await connection.send(
                    "GET", "/db/_changes?feed=\(feed)&since=now&timeout=60000",
                    header: "Authorization: \(Self.token)\r\nOrigin: \(Self.page)")
                // The head comes at once, though there is nothing to say.
                let head = try #require(try await connection.read(to: "\r\n\r\n")).lowercased()
                #expect(head.hasPrefix("http/1.1 200 "), "\(head)")
                #expect(head.contains("access-control-allow-origin: \(Self.page)\r\n"), "\(head)")
            }
        }
    }

    /// A page that has a login sends it; one that the browser has is not lent to every page.
    @Test func anyPageMayReadWithALoginOfItsOwn() async throws {
        try await serving(allowed: .any) { server in
            let answer = try await server.client.get(
                "/db", headers: ["Authorization": Self.token, "Origin": "https://other.example.org"])
            #expect(answer.status == 200)
            #expect(value("access-control-allow-origin", of: answer) == "https://other.example.org")
            #expect(value("access-control-allow-credentials", of: answer) == nil)
        }
    }

    /// A page whose own name leads to this machine is refused as ever, allowed or not.
    @Test func anOpenServerStillAnswersUnderTheNameOfThisMachineOnly() async throws {
        try await serving(access: .open) { server in
            let answer = try await server.client.get("/db", headers: ["Origin": Self.page])
            #expect(answer.status == 200 && value("access-control-allow-origin", of: answer) == Self.page)
            let renamed = try await server.client.get("/db", headers: ["Host": "app.example.org", "Origin": Self.page])
            #expect(renamed.status == 403)
        }
    }

    @Test func nothingIsSaidWhereItIsNotWanted() async throws {
        try await serving(allowed: .none, access: .open) { server in
            let answer = try await server.client.get("/db", headers: ["Origin": Self.page])
            #expect(answer.status == 200 && !tellsOfPages(answer) && value("vary", of: answer) == nil)
            let asked = ["Origin": Self.page, "Access-Control-Request-Method": "GET"]
            let preflight = try await server.client.send(.OPTIONS, "/db", headers: asked)
            #expect(preflight.status == 405 && !tellsOfPages(preflight))
        }
    }
}
