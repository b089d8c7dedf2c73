import NIOCore
import NIOPosix
import Synchronization

/// A TCP proxy in front of a server that can stop passing on what the server sends, without closing anything.
final class StallingProxy: Sendable {
    let port: Int
    private let valve: Valve

    private init(port: Int, valve: Valve) {
        self.port = port
        self.valve = valve
    }

    /// Stops the server's answers; connections stay open.
    func stall() { valve.close() }

    /// Lets them flow again, with all that was held.
    func flow() { valve.open() }

    /// Runs a proxy in front of a port of loopback.
    static func run<Result: Sendable>(
        to serverPort: Int, _ body: (StallingProxy) async throws -> Result
    ) async throws -> Result {
        let group = MultiThreadedEventLoopGroup.singleton
        let valve = Valve()
        let listener = try await ServerBootstrap(group: group)
            // Nothing is read from a client before the connection to the server stands.
            .childChannelOption(.autoRead, value: false)
            .childChannelInitializer { client in
                ClientBootstrap(group: client.eventLoop).channelOption(.autoRead, value: false)
                    .connect(host: "127.0.0.1", port: serverPort)
                    .flatMapThrowing { server in
                        try client.pipeline.syncOperations.addHandler(Forwarder(to: server))
                        try server.pipeline.syncOperations.addHandler(Forwarder(to: client))
                        valve.add(server)
                        try client.syncOptions?.setOption(.autoRead, value: true)
                    }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        defer {
            listener.close(promise: nil)
            valve.closeAll()
        }
        return try await body(StallingProxy(port: listener.localAddress?.port ?? 0, valve: valve))
    }

    /// The connections to the server, all of which are read, or none.
    private final class Valve: Sendable {
        private struct State {
            var isOpen = true
            var channels: [any Channel] = []
        }

        private let state = Mutex(State())

        func add(_ channel: any Channel) {
            let isOpen = state.withLock { state in
                state.channels.append(channel)
                return state.isOpen
            }
            set(channel, open: isOpen)
        }

        func open() { change(to: true) }
        func close() { change(to: false) }

        func closeAll() {
            for channel in state.withLock(\.channels) { channel.close(promise: nil) }
        }

        private func change(to isOpen: Bool) {
            let channels = state.withLock { state in
                state.isOpen = isOpen
                return state.channels
            }
            for channel in channels { set(channel, open: isOpen) }
        }

        private func set(_ channel: any Channel, open isOpen: Bool) {
            // A connection that has ended meanwhile needs no setting.
            channel.setOption(.autoRead, value: isOpen).whenSuccess { if isOpen { channel.read() } }
        }
    }

    /// Passes what one side sends to the other, and its end.
    private final class Forwarder: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer

        private let other: any Channel

        init(to other: any Channel) { self.other = other }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            other.write(unwrapInboundIn(data), promise: nil)
        }

        func channelReadComplete(context: ChannelHandlerContext) {
            other.flush()
            context.fireChannelReadComplete()
        }

        func channelInactive(context: ChannelHandlerContext) {
            other.close(promise: nil)
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) {
            context.close(promise: nil)
        }
    }
}
