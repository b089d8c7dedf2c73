import HummingbirdCore
import Logging
import NIOCore
import NIOHTTPTypes
import NIOPosix
import ServiceLifecycle

/// The HTTP/1 connections of a server that may be stopped at any time.
///
/// Hummingbird's own channel drops what was accepted while its server stops, and NIO ends the process over a connection that
/// is dropped before it was finished (`NIOAsyncWriter.InternalClass` in NIOCore). These are finished and closed then.
package struct HTTPConnections: ServerChildChannel {
    private let http: HTTP1Channel

    /// - Parameter responder: answers a request; where it throws, the connection is closed.
    package init(
        configuration: HTTP1Channel.Configuration = HTTP1Channel.Configuration(),
        responder: @escaping HTTPChannelHandler.Responder
    ) {
        http = HTTP1Channel(responder: responder, configuration: configuration)
    }

    /// Listens until the task is cancelled; then the socket and all connections are closed. Nothing is logged.
    ///
    /// - Parameter onListening: is given the socket.
    /// - Throws: what NIO throws where the address can't be had.
    package func run(
        _ configuration: ServerConfiguration, onListening: @escaping @Sendable (any Channel) async -> Void
    ) async throws {
        let logger = Logger(label: "Listening") { _ in SwiftLogNoOpLogHandler() }
        try await server(
            configuration: configuration, onServerRunning: onListening,
            eventLoopGroup: MultiThreadedEventLoopGroup.singleton, logger: logger
        ).run()
    }

    package func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<
        AcceptedConnection<HTTPRequestPart, HTTPResponsePart>
    > {
        http.setup(channel: channel, logger: logger).map(AcceptedConnection.init)
    }

    package func handle(value: AcceptedConnection<HTTPRequestPart, HTTPResponsePart>, logger: Logger) async {
        await http.handle(value: value.parts, logger: logger)
    }
}
