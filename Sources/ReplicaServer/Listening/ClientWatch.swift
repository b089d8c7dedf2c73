import NIOCore
import Synchronization

/// Notices that a client has gone while it is sent nothing.
///
/// A client may also end what it sends and still read the answer, so only an answer that waits asks for this.
final class ClientWatch: ChannelInboundHandler, RemovableChannelHandler, Sendable {
    typealias InboundIn = Any

    private struct State {
        var isGone = false
        var onGone: (@Sendable () -> Void)?
    }

    private let state = Mutex(State())

    /// Calls back once where the client goes or has gone, until nil is given.
    func onGone(_ callback: (@Sendable () -> Void)?) {
        let isGone = state.withLock { state in
            state.onGone = state.isGone ? nil : callback
            return state.isGone
        }
        if isGone { callback?() }
    }

    func handlerAdded(context: ChannelHandlerContext) {
        // Best effort: a client whose machine is gone says nothing, and without this may be waited for for ever.
        context.channel.setOption(.socketOption(.so_keepalive), value: 1).whenComplete { _ in }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .some(.inputClosed) = event as? ChannelEvent { noteGone() }
        context.fireUserInboundEventTriggered(event)
    }

    func channelInactive(context: ChannelHandlerContext) {
        noteGone()
        context.fireChannelInactive()
    }

    private func noteGone() {
        let callback = state.withLock { state in
            state.isGone = true
            return state.onGone.take()
        }
        callback?()
    }
}
