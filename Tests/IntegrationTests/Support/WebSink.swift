import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// A web server on loopback that keeps what it is sent, and answers with a status of the test's choice.
final class WebSink: Sendable {
    /// A request that came.
    struct Request: Sendable {
        var method: String
        var target: String
        var headers: [String: String]
        var body: String
    }

    private struct State {
        var requests: [Request] = []
        var status = HTTPResponseStatus.ok
    }

    let port: Int
    private let state: Kept

    private final class Kept: Sendable {
        let content = Mutex(State())
    }

    private init(port: Int, state: Kept) {
        self.port = port
        self.state = state
    }

    /// What came, the oldest first.
    var requests: [Request] { state.content.withLock(\.requests) }

    /// What came for paths that begin so.
    func requests(to prefix: String) -> [Request] { requests.filter { $0.target.hasPrefix(prefix) } }

    /// Answers with a status from now on; an error's body repeats all of the request, as careless servers do.
    func answer(_ status: HTTPResponseStatus) { state.content.withLock { $0.status = status } }

    /// Runs a server while the body runs.
    static func run<Result: Sendable>(_ body: (WebSink) async throws -> Result) async throws -> Result {
        let state = Kept()
        let listener = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline()
                    try channel.pipeline.syncOperations.addHandler(Handler(state))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        defer { listener.close(promise: nil) }
        return try await body(WebSink(port: listener.localAddress?.port ?? 0, state: state))
    }

    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = HTTPServerRequestPart
        typealias OutboundOut = HTTPServerResponsePart

        private let state: Kept
        private var request: Request?

        init(_ state: Kept) { self.state = state }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            switch unwrapInboundIn(data) {
            case .head(let head):
                let headers = Dictionary(head.headers.map { ($0.name.lowercased(), $0.value) }) { "\($0), \($1)" }
                request = Request(method: head.method.rawValue, target: head.uri, headers: headers, body: "")
            case .body(let part): request?.body += String(decoding: part.readableBytesView, as: UTF8.self)
            case .end:
                guard let request else { return }
                let status = state.content.withLock { state in
                    state.requests.append(request)
                    return state.status
                }
                let text = status == .ok ? "" : "\(request)"
                let head = HTTPResponseHead(
                    version: .http1_1, status: status, headers: ["content-length": String(text.utf8.count)])
                context.write(wrapOutboundOut(.head(head)), promise: nil)
                context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(string: text)))), promise: nil)
                context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
            }
        }
    }
}
