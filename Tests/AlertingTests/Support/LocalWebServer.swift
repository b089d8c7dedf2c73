import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import Synchronization

/// A web server on loopback that keeps its requests and answers as told.
final class LocalWebServer: Sendable {
    struct Request: Sendable {
        var method: HTTPMethod
        var path: String
        var headers: HTTPHeaders
        var body: Data
    }

    struct Answer: Sendable {
        var status: HTTPResponseStatus
        var headers: HTTPHeaders = [:]
        var body = ""
    }

    private let server: any NIOCore.Channel
    private let kept = Mutex<[Request]>([])
    let port: Int

    private init(server: any NIOCore.Channel, port: Int) {
        self.server = server
        self.port = port
    }

    var requests: [Request] { kept.withLock { $0 } }

    /// Runs a server for as long as the body runs; an answer of nil is none at all.
    static func run<Result: Sendable>(
        certificates: TestCertificates? = nil, answering answer: @escaping @Sendable (Request) -> Answer?,
        _ body: (LocalWebServer) async throws -> Result
    ) async throws -> Result {
        let tls = try certificates.map { certificates in
            let chain = try NIOSSLCertificate.fromPEMFile(certificates.certificate).map {
                NIOSSLCertificateSource.certificate($0)
            }
            let key = try NIOSSLPrivateKey(file: certificates.key, format: .pem)
            return try NIOSSLContext(
                configuration: .makeServerConfiguration(certificateChain: chain, privateKey: .privateKey(key)))
        }
        let requests = Requests()
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    if let tls { try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: tls)) }
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline()
                    try channel.pipeline.syncOperations.addHandler(
                        Handler { request in
                            requests.add(request)
                            return answer(request)
                        })
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        let server = LocalWebServer(server: channel, port: channel.localAddress?.port ?? 0)
        requests.target.withLock { $0 = server }
        defer { channel.close(promise: nil) }
        return try await body(server)
    }

    private final class Requests: Sendable {
        let target = Mutex<LocalWebServer?>(nil)

        func add(_ request: Request) {
            target.withLock { $0 }?.kept.withLock { $0.append(request) }
        }
    }

    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = HTTPServerRequestPart
        typealias OutboundOut = HTTPServerResponsePart

        private let answer: @Sendable (Request) -> Answer?
        private var request: Request?

        init(answer: @escaping @Sendable (Request) -> Answer?) {
            self.answer = answer
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            switch unwrapInboundIn(data) {
            case .head(let head):
                request = Request(method: head.method, path: head.uri, headers: head.headers, body: Data())
            case .body(let part): request?.body.append(contentsOf: part.readableBytesView)
            case .end:
                guard let request, let answer = answer(request) else { return }
                var headers = answer.headers
                headers.add(name: "content-length", value: String(answer.body.utf8.count))
                context.write(
                    wrapOutboundOut(
                        .head(HTTPResponseHead(version: .http1_1, status: answer.status, headers: headers))),
                    promise: nil)
                context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(string: answer.body)))), promise: nil)
                context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
            }
        }
    }
}
