import HummingbirdCore
import Logging
import NIOCore

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

    package func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<AcceptedConnection> {
        http.setup(channel: channel, logger: logger).map(AcceptedConnection.init)
    }

    package func handle(value: AcceptedConnection, logger: Logger) async {
        await http.handle(value: value.parts, logger: logger)
    }
}
