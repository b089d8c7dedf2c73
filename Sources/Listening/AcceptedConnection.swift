import HummingbirdCore
import NIOCore

/// A connection that a server has accepted, with the parts that it reads and writes.
///
/// One that nobody handles, since its server was stopped meanwhile, is closed when it is dropped.
package final class AcceptedConnection<Inbound: Sendable, Outbound: Sendable>: ServerChildChannelValue {
    package let parts: NIOAsyncChannel<Inbound, Outbound>

    package var channel: any Channel { parts.channel }

    package init(_ parts: NIOAsyncChannel<Inbound, Outbound>) {
        self.parts = parts
    }

    deinit {
        // Behind one that was handled both do nothing.
        parts.finish()
        channel.close(promise: nil)
    }
}

/// What can be finished outside of the scope that NIO wants it to be used in: a connection that nobody handles never enters it.
private protocol FinishableConnection {
    associatedtype Part: Sendable

    var outbound: NIOAsyncChannelOutboundWriter<Part> { get }
}

extension FinishableConnection {
    fileprivate func finish() { outbound.finish() }
}

extension NIOAsyncChannel: FinishableConnection {}
