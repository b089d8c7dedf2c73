import Alerting
import Foundation
import NIOHTTP1
import Secrets
import Testing

/// Webhooks and heartbeats against a web server in this process.
@Suite struct WebhookTests {
    private let path = "/services/T0/B0/s3cr3t-path?key=s3cr3t-key"

    private func settings(_ server: LocalWebServer, headers: [String: Secret] = [:]) -> WebhookSettings {
        WebhookSettings(
            url: Secret("http://127.0.0.1:\(server.port)\(path)"), headers: headers, timeout: .seconds(20))
    }

    @Test(arguments: [HTTPResponseStatus.ok, .created, .accepted, .noContent])
    func postsJSON(status: HTTPResponseStatus) async throws {
        let requests = try await LocalWebServer.run(answering: { _ in .init(status: status) }) { server in
            let channel = try WebhookChannel(settings(server, headers: ["Authorization": Secret("Bearer t0ken")]))
            try await channel.deliver(.sample(id: "m1"))
            try await channel.deliver(.sample(id: "m1"))
            return server.requests
        }
        #expect(requests.count == 2)
        let request = try #require(requests.first)
        #expect(request.method == .POST)
        #expect(request.path == path)
        #expect(request.headers["content-type"] == ["application/json"])
        #expect(request.headers["authorization"] == ["Bearer t0ken"])
        #expect(requests.allSatisfy { $0.headers["idempotency-key"] == ["m1"] })
        let body = try #require(try JSONSerialization.jsonObject(with: request.body) as? [String: Any])
        #expect(body["version"] as? String == "4")
        #expect(body["receiver"] as? String == "webhook")
    }

    @Test func theUserPartOfAURLBecomesALogin() async throws {
        let requests = try await LocalWebServer.run(answering: { _ in .init(status: .ok) }) { server in
            let url = Secret("http://ops:p%40ss@127.0.0.1:\(server.port)/hook")
            try await WebhookChannel(WebhookSettings(url: url)).deliver(.sample())
            return server.requests
        }
        #expect(requests.first?.headers["authorization"] == ["Basic b3BzOnBAc3M="])
        #expect(requests.first?.path == "/hook")
    }

    @Test(arguments: [
        (HTTPResponseStatus.badRequest, DeliveryError.Code.messageRejected), (.payloadTooLarge, .messageRejected),
        (.unauthorized, .loginRefused), (.forbidden, .loginRefused), (.notFound, .rejected),
        (.internalServerError, .rejected), (.tooManyRequests, .rejected), (.serviceUnavailable, .rejected),
    ])
    func anythingButA2xxIsAFailure(status: HTTPResponseStatus, code: DeliveryError.Code) async throws {
        let answer = LocalWebServer.Answer(status: status, body: "no hook at \(path), token t0ken")
        try await LocalWebServer.run(answering: { _ in answer }) { server in
            let channel = try WebhookChannel(settings(server, headers: ["X-Token": Secret("t0ken")]))
            let error = await #expect(throws: DeliveryError.self) { try await channel.deliver(.sample()) }
            #expect(error?.code == code)
            #expect(error?.message.contains("\(status.code)") == true)
            #expect(error?.message.contains("no hook at") == true)
            for secret in ["s3cr3t-path", "s3cr3t-key", "t0ken"] {
                #expect(!String(describing: error).contains(secret))
            }
        }
    }

    @Test func redirectsAreNotFollowed() async throws {
        try await LocalWebServer.run(answering: { _ in .init(status: .ok) }) { other in
            let elsewhere: HTTPHeaders = ["location": "http://127.0.0.1:\(other.port)/"]
            let redirect = LocalWebServer.Answer(status: .temporaryRedirect, headers: elsewhere)
            try await LocalWebServer.run(answering: { _ in redirect }) { server in
                let channel = try WebhookChannel(settings(server))
                let error = await #expect(throws: DeliveryError.self) { try await channel.deliver(.sample()) }
                #expect(error?.code == .rejected)
                #expect(server.requests.count == 1)
            }
            #expect(other.requests.isEmpty)
        }
    }

    @Test func aServerThatStaysSilentTimesOut() async throws {
        try await LocalWebServer.run(answering: { _ in nil }) { server in
            var settings = settings(server)
            settings.timeout = .milliseconds(300)
            let channel = try WebhookChannel(settings)
            let error = await #expect(throws: DeliveryError.self) { try await channel.deliver(.sample()) }
            #expect(error?.code == .timeout)
        }
    }

    @Test func nobodyAnswers() async throws {
        let port = try await LocalWebServer.run(answering: { _ in nil }) { $0.port }
        let channel = try WebhookChannel(WebhookSettings(url: Secret("http://127.0.0.1:\(port)/")))
        let error = await #expect(throws: DeliveryError.self) { try await channel.deliver(.sample()) }
        #expect(error?.code == .unreachable)
    }

    @Test func theNameIsNotResolved() async throws {
        let channel = try WebhookChannel(WebhookSettings(url: Secret("http://hooks.invalid/x")))
        let error = await #expect(throws: DeliveryError.self) { try await channel.deliver(.sample()) }
        #expect(error?.code == .nameNotResolved)
        #expect(error?.message.contains("hooks.invalid") == true)
    }

    @Test func certificatesAreVerified() async throws {
        try await withTemporaryFolder { folder in
            let certificates = try await TestCertificates.make(in: folder)
            try await LocalWebServer.run(certificates: certificates, answering: { _ in .init(status: .ok) }) { server in
                var settings = WebhookSettings(url: Secret("https://localhost:\(server.port)/s3cr3t"))
                let stranger = try WebhookChannel(settings)
                let error = await #expect(throws: DeliveryError.self) { try await stranger.deliver(.sample()) }
                #expect(error?.code == .certificateNotTrusted)
                settings.caFile = certificates.authority
                try await WebhookChannel(settings).deliver(.sample())
                #expect(server.requests.count == 1)
                let garbage = folder.appending(path: "garbage.pem")
                try Data("no certificate".utf8).write(to: garbage)
                for file in ["/nonexistent/ca.pem", folder.path, garbage.path] {
                    settings.caFile = file
                    let blind = try WebhookChannel(settings)
                    let error = await #expect(throws: DeliveryError.self) { try await blind.deliver(.sample()) }
                    #expect(error?.code == .invalidSettings, "\(file)")
                }
            }
        }
    }

    @Test(arguments: [
        "hooks.example.org/s3cr3t", "ftp://example.org/s3cr3t", "https:///s3cr3t", "file:///s3cr3t", "http://a s3cr3t/",
        "",
    ])
    func refusesWhatIsNoWebAddress(url: String) {
        let error = #expect(throws: DeliveryError.self) { try WebhookChannel(WebhookSettings(url: Secret(url))) }
        #expect(error?.code == .invalidSettings)
        #expect(!String(describing: error).contains("s3cr3t"))
        #expect(throws: DeliveryError.self) { try Heartbeat(HeartbeatSettings(url: Secret(url))) }
    }

    @Test(arguments: [
        ("X-A", "line\r\nX-B: y"), ("X-A", "zero\u{0}"), ("X A", "x"), ("", "x"), ("X-A\r\n", "x"),
        ("Content-Length", "3"),
        ("host", "x"), ("X:A", "x"),
    ])
    func refusesHeadersThatAreNone(name: String, value: String) {
        let settings = WebhookSettings(url: Secret("https://example.org/"), headers: [name: Secret(value)])
        let error = #expect(throws: DeliveryError.self) { try WebhookChannel(settings) }
        #expect(error?.code == .invalidSettings)
    }

    @Test func aHeartbeatIsAGet() async throws {
        let requests = try await LocalWebServer.run(answering: { _ in .init(status: .ok, body: "OK") }) { server in
            let heartbeat = try Heartbeat(HeartbeatSettings(url: Secret("http://127.0.0.1:\(server.port)/ping/uuid")))
            try await heartbeat.beat()
            return server.requests
        }
        #expect(requests.map(\.method) == [.GET])
        #expect(requests.map(\.path) == ["/ping/uuid"])
    }

    @Test func aFailedHeartbeatIsReported() async throws {
        try await LocalWebServer.run(answering: { _ in .init(status: .notFound, body: "no /ping/uuid") }) { server in
            let heartbeat = try Heartbeat(HeartbeatSettings(url: Secret("http://127.0.0.1:\(server.port)/ping/uuid")))
            let error = await #expect(throws: DeliveryError.self) { try await heartbeat.beat() }
            #expect(error?.code == .rejected)
            #expect(!String(describing: error).contains("/ping/uuid"))
        }
    }

    @Test func aHeartbeatIsDueAfterItsTime() {
        let settings = HeartbeatSettings(url: Secret("https://example.org/"), every: .seconds(300))
        #expect(settings.isDue(at: morning, last: nil))
        #expect(!settings.isDue(at: minutes(4), last: morning))
        #expect(settings.isDue(at: minutes(5), last: morning))
        #expect(settings.isDue(at: minutes(-1), last: morning))
    }
}
