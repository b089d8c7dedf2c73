import NIOCore
import NIOPosix
import Synchronization

/// A mail server on loopback that keeps what it is sent: for the demo, and for tests without a real server.
package final class SMTPSink: Sendable {
    /// How many mails are kept; the oldest go first.
    package static let mailsKept = 1000

    package let port: Int
    private let server: any Channel
    private let kept: Kept

    private final class Kept: Sendable {
        let mails = Mutex<[ReceivedMail]>([])

        func keep(_ mail: ReceivedMail) {
            mails.withLock { mails in
                mails.append(mail)
                if mails.count > mailsKept { mails.removeFirst() }
            }
        }
    }

    private init(server: any Channel, port: Int, kept: Kept) {
        self.server = server
        self.port = port
        self.kept = kept
    }

    /// Runs a sink on a free port for as long as the body runs.
    package static func run<Result: Sendable>(
        refusing refused: Set<String> = [], _ body: (SMTPSink) async throws -> Result
    ) async throws -> Result {
        let sink = try await start(refusing: refused)
        do {
            let result = try await body(sink)
            try await sink.close()
            return result
        } catch {
            // The body's error matters more than one of closing.
            try? await sink.close()
            throw error
        }
    }

    /// Starts a sink on loopback; 0 takes a free port.
    ///
    /// Whoever starts it must close it.
    package static func start(port: Int = 0, refusing refused: Set<String> = []) async throws -> SMTPSink {
        let kept = Kept()
        let server = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    try pipeline.addHandler(IdleStateHandler(readTimeout: .minutes(5)))
                    try pipeline.addHandler(ByteToMessageHandler(SMTPLineDecoder()))
                    try pipeline.addHandler(
                        SMTPSinkHandler(session: SMTPSession(refusing: refused)) { kept.keep($0) })
                }
            }
            .bind(host: "127.0.0.1", port: port).get()
        return SMTPSink(server: server, port: server.localAddress?.port ?? port, kept: kept)
    }

    /// The mails so far, the oldest first.
    package var mails: [ReceivedMail] { kept.mails.withLock { $0 } }

    /// Takes no further connections; those that are open end with their clients.
    package func close() async throws {
        try await server.close().get()
    }
}
