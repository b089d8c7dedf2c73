import Alerting
import CouchSim
import Foundation
import NIOHTTP1
import Secrets
import Testing

/// Known secrets appear nowhere but where they are sent to.
@Suite struct SecretsTests {
    private let password = "pw-K8f2-known"
    private let token = "tk-91Ab-known"
    private let path = "hook-77Zx-known"

    /// Everything that people, logs and files get to see when each channel fails, and when it works.
    @Test(arguments: [HTTPResponseStatus.ok, .unauthorized, .badRequest, .internalServerError])
    func secretsAppearNowhere(status: HTTPResponseStatus) async throws {
        let log = CapturedLog()
        let store = MemoryAlertStore()
        // The server repeats all that it was sent.
        let seen = try await LocalWebServer.run(answering: { request in
            .init(status: status, body: "\(request.method) \(request.path) \(request.headers)")
        }) { server in
            try await SMTPSink.run { sink in
                let channels = try channels(web: server.port, mail: sink.port)
                let heartbeat = try Heartbeat(
                    HeartbeatSettings(url: Secret("http://u:\(password)@127.0.0.1:\(server.port)/\(path)")))
                let delivery = OutboxDelivery(
                    store: store, channels: channels, policy: OutboxPolicy(giveUpAfter: .zero), logger: log.logger)
                let teller = Teller(store: store, channels: channels.map(\.name), origin: .sample)
                let message = try await teller.tell(AlertPass(at: morning, conditions: [.sample("orders")]))
                var seen = [String(describing: message), String(reflecting: channels)]
                seen.append(String(reflecting: try await delivery.run(now: minutes(1))))
                seen.append(String(reflecting: try await teller.test(through: delivery, at: minutes(2))))
                do {
                    try await heartbeat.beat()
                } catch {
                    seen.append(String(reflecting: error))
                }
                var dumped = ""
                dump(channels, to: &dumped)
                dump(heartbeat, to: &dumped)
                for mail in sink.mails { seen.append(mail.source) }
                // The test is worth something only if the secrets were in play.
                #expect(
                    server.requests.contains { $0.headers["x-token"] == [token] && $0.path == "/\(path)?key=\(token)" })
                #expect(server.requests.contains { $0.headers.contains(name: "authorization") })
                #expect(sink.mails.isEmpty == false)
                return seen + [dumped]
            }
        }
        for text in seen + log.lines {
            for secret in [password, token, path] {
                #expect(!text.contains(secret))
                #expect(!text.contains(Data(secret.utf8).base64EncodedString()))
            }
        }
    }

    private func channels(web: Int, mail: Int) throws -> [any Alerting.Channel] {
        let address = try MailAddress("ops@example.org")
        var good = EmailSettings(
            name: "mail", host: "127.0.0.1", port: mail, security: .none, user: "u", password: Secret(password),
            from: address, to: [address])
        let works = try EmailChannel(good)
        good.name = "mail over TLS"
        good.security = .startTLS
        let hook = WebhookSettings(
            url: Secret("http://u:\(password)@127.0.0.1:\(web)/\(path)?key=\(token)"),
            headers: ["X-Token": Secret(token)])
        let command = CommandSettings(words: ["sh", "-c", "cat > /dev/null; env >&2; exit 1"])
        return [works, try EmailChannel(good), try WebhookChannel(hook), try CommandChannel(command)]
    }
}
