import HTTPTypes
import HummingbirdCore
import Listening
import Logging
import NIOCore
import NIOEmbedded
import NIOPosix
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(1))) struct HTTPConnectionsTests {
    private static let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    /// NIO would end the process.
    @Test func oneThatNobodyHandlesIsClosed() async throws {
        let channel = NIOAsyncTestingChannel()
        try await channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).get()
        let connections = HTTPConnections { _, _, _ in Issue.record("nothing was asked") }
        do {
            let accepted = try await channel.eventLoop.flatSubmit {
                connections.setup(channel: channel, logger: Self.logger)
            }.get()
            #expect(accepted.channel.isActive)
        }
        try await channel.closeFuture.get()
        #expect(!channel.isActive)
    }

    /// Clients come while a server stops, over and over.
    @Test func aServerMayBeStoppedWhileClientsCome() async throws {
        let answered = Atomic(0)
        for _ in 0..<50 {
            let connections = HTTPConnections { _, writer, _ in
                answered.add(1, ordering: .relaxed)
                try await writer.writeResponse(HTTPResponse(status: .noContent))
            }
            let (ports, port) = AsyncStream.makeStream(of: Int.self)
            await withTaskGroup(of: Void.self) { group in
                group.addTask { await Self.run(connections) { port.yield($0.localAddress?.port ?? 0) } }
                for await port in ports {
                    for _ in 0..<8 { group.addTask { await Self.come(to: port) } }
                    break
                }
                // The first one who is through: the others are still coming.
                await group.next()
                group.cancelAll()
            }
        }
        #expect(answered.load(ordering: .relaxed) > 0)
    }

    private static func run(
        _ connections: HTTPConnections, onListening: @escaping @Sendable (any Channel) async -> Void
    ) async {
        do {
            try await connections.run(
                ServerConfiguration(address: .hostname("127.0.0.1", port: 0)), onListening: onListening)
        } catch is CancellationError {
            // It is stopped so.
        } catch {
            Issue.record(error)
        }
    }

    /// Comes again and again until the server is gone, or often enough.
    private static func come(to port: Int) async {
        do {
            for _ in 0..<20 {
                let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                    .connect(host: "127.0.0.1", port: port).get()
                try await channel.writeAndFlush(ByteBuffer(string: "GET / HTTP/1.1\r\nHost: a\r\n\r\n"))
                try await channel.close()
            }
        } catch {
            // The server has stopped: that is what was waited for.
        }
    }
}
