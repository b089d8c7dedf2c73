import CCurl
import CouchSim
import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix
import Secrets
import Testing

@testable import Alerting

/// Mail to the sink in this process, and to what is no mail server.
@Suite struct EmailSinkTests {
    private func settings(port: Int, security: EmailSettings.Security = .none, login: Bool = false) throws
        -> EmailSettings
    {
        EmailSettings(
            host: "127.0.0.1", port: port, security: security, user: login ? "demo" : nil,
            password: login ? Secret("sink-password") : nil, from: try MailAddress("couchkeep@example.org"),
            to: [try MailAddress("ops@example.org"), try MailAddress("Anna Groß <anna@example.org>")],
            connectTimeout: .seconds(5), timeout: .seconds(20))
    }

    @Test(arguments: [false, true])
    func theSinkKeepsWhatWasSent(login: Bool) async throws {
        let subject = "[couchkeep] CRITICAL Größe: 1,000 documents of a rather long database name are missing → act"
        let body = "first\n.\n..\n" + String(repeating: "Maß ", count: 200) + "\nend = 1\n"
        let mails = try await SMTPSink.run { sink in
            let channel = try EmailChannel(settings(port: sink.port, login: login))
            try await channel.deliver(.sample(subject: subject, body: body))
            try await channel.deliver(.sample())
            return sink.mails
        }
        #expect(mails.count == 2)
        let mail = try #require(mails.first)
        #expect(mail.subject == subject)
        #expect(mail.text == body)
        #expect(mail.user == (login ? "demo" : nil))
        #expect(mail.sender == "couchkeep@example.org")
        #expect(mail.recipients == ["ops@example.org", "anna@example.org"])
        #expect(mail.header("to") == "ops@example.org, Anna Groß <anna@example.org>")
    }

    @Test func aServerWithoutTLSIsRefusedUnlessAskedFor() async throws {
        try await SMTPSink.run { sink in
            let channel = try EmailChannel(settings(port: sink.port, security: .startTLS, login: true))
            let error = await #expect(throws: DeliveryError.self) { try await channel.deliver(.sample()) }
            #expect(error?.code == .tlsNotOffered)
            // The key as the configuration has it.
            #expect(error?.hint.contains("tls: implicit") == true)
            #expect(sink.mails.isEmpty)
        }
    }

    @Test func nobodyAnswers() async throws {
        // A port that was free a moment ago.
        let port = try await SMTPSink.run { $0.port }
        let channel = try EmailChannel(settings(port: port))
        let error = await #expect(throws: DeliveryError.self) { try await channel.deliver(.sample()) }
        #expect(error?.code == .unreachable)
        #expect(error?.message.contains("127.0.0.1:\(port)") == true)
    }

    @Test func theNameIsNotResolved() async throws {
        var settings = try settings(port: 25)
        settings.host = "mail.invalid"
        let channel = try EmailChannel(settings)
        let error = await #expect(throws: DeliveryError.self) { try await channel.deliver(.sample()) }
        #expect(error?.code == .nameNotResolved)
    }

    @Test func aServerThatStaysSilentTimesOut() async throws {
        try await withSilentServer { port, _ in
            var settings = try settings(port: port)
            settings.timeout = .milliseconds(300)
            let channel = try EmailChannel(settings)
            let error = await #expect(throws: DeliveryError.self) { try await channel.deliver(.sample()) }
            #expect(error?.code == .timeout)
        }
    }

    @Test func cancellingEndsADelivery() async throws {
        try await withSilentServer { port, connected in
            let channel = try EmailChannel(settings(port: port))
            await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await channel.deliver(.sample()) }
                // Cancel when the delivery waits for the greeting, not before it began.
                for await _ in connected { break }
                group.cancelAll()
                await #expect(throws: CancellationError.self) { try await group.next() }
            }
        }
    }

    @Test func aWebServerIsNoMailServer() async throws {
        try await LocalWebServer.run(answering: { _ in .init(status: .ok) }) { server in
            var settings = try settings(port: server.port)
            settings.timeout = .seconds(2)
            let channel = try EmailChannel(settings)
            let error = await #expect(throws: DeliveryError.self) { try await channel.deliver(.sample()) }
            #expect([.unexpectedAnswer, .timeout].contains(error?.code))
        }
    }

    /// A server that takes connections and says nothing.
    private func withSilentServer(
        _ body: (Int, AsyncStream<Void>) async throws -> Void
    ) async throws {
        let (connected, continuation) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
        let server = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                continuation.yield()
                return channel.eventLoop.makeSucceededVoidFuture()
            }
            .bind(host: "127.0.0.1", port: 0).get()
        defer { server.close(promise: nil) }
        try await body(server.localAddress?.port ?? 0, connected)
    }

    @Test func aMissingLibraryIsToldAsThat() throws {
        let reason = "libcurl.so.4: cannot open shared object file"
        let error = try #require(SMTPFailure.missing(CURLE_FAILED_INIT, reason))
        #expect(error.code == .libraryMissing && error.message.contains(reason) && error.hint.contains("libcurl4"))
        // It is there, and failed for another reason.
        #expect(SMTPFailure.missing(CURLE_FAILED_INIT, nil) == nil)
        #expect(SMTPFailure.missing(CURLE_COULDNT_CONNECT, reason) == nil)
    }
}
