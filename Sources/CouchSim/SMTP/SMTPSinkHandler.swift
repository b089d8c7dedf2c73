import NIOCore

/// Carries a session's lines and replies over one connection.
final class SMTPSinkHandler: ChannelInboundHandler {
    typealias InboundIn = String
    typealias OutboundOut = ByteBuffer

    private var session: SMTPSession
    private let keep: @Sendable (ReceivedMail) -> Void

    init(session: SMTPSession, keep: @escaping @Sendable (ReceivedMail) -> Void) {
        self.session = session
        self.keep = keep
    }

    func channelActive(context: ChannelHandlerContext) {
        reply(SMTPSession.greeting, in: context)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let reaction = session.receive(unwrapInboundIn(data))
        // Kept before it is acknowledged: a client that has sent its mail finds it in the sink.
        if let mail = reaction.mail { keep(mail) }
        if let text = reaction.reply { reply(text, in: context) }
        if reaction.closes { context.close(promise: nil) }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        // The only events here say that the client has been silent for too long.
        if event is IdleStateHandler.IdleStateEvent { context.close(promise: nil) }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    private func reply(_ text: String, in context: ChannelHandlerContext) {
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: text + "\r\n")), promise: nil)
    }
}
