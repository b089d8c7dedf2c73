import HTTPTypes
import HummingbirdCore
import Listening
import NIOCore

/// A listening socket with its connections.
struct Listener: Sendable {
    /// The largest request body that is taken.
    static let bodyLimit = 1 << 28

    let port: Int
    let respond: @Sendable (SimulatedRequest) async throws -> Delivery

    /// Listens until the task is cancelled; then the socket and all connections are closed.
    ///
    /// - Parameter onListening: is given the socket. Close it before the task is cancelled: a client whose connection ends
    ///   comes back at once.
    func run(onListening: @escaping @Sendable (any Channel) -> Void) async throws {
        let configuration = ServerConfiguration(address: .hostname("127.0.0.1", port: port), backlog: 1024)
        let connections = HTTPConnections { request, writer, _ in try await answer(request, writer) }
        try await connections.run(configuration) { onListening($0) }
    }

    @concurrent
    private func answer(_ request: Request, _ writer: consuming ResponseWriter) async throws {
        let target = request.head.path ?? "/"
        let isHead = request.method == .head
        guard Self.mayWait(target) else {
            let delivery = try await respond(try await simulated(request, body: request.body))
            try await deliver(delivery, isHead: isHead, writer)
            return
        }
        // A client that goes away while it waits for changes ends the wait.
        var writer: ResponseWriter? = writer
        try await request.body.consumeWithCancellationOnInboundClose { body in
            var delivery = try await respond(try await simulated(request, body: body))
            delivery.response.headers[.connection] = "close"
            guard let writer = writer.take() else { return }
            try await deliver(delivery, isHead: isHead, writer)
        }
    }

    @concurrent
    private func deliver(_ delivery: Delivery, isHead: Bool, _ writer: consuming ResponseWriter) async throws {
        if delivery.hangsUp { throw Delivery.Broken() }
        let response = delivery.response
        var head = HTTPResponse(status: .init(code: response.status), headerFields: response.headers)
        head.headerFields[.server] = "CouchDB/3.5.0 (CouchSim)"
        switch response.body {
        case .bytes(let bytes):
            head.headerFields[.contentLength] = String(bytes.count)
            if isHead { return try await writer.writeResponse(head) }
            try await writer.write(
                response: head,
                body: ResponseBody(contentLength: bytes.count) { output in
                    var sent = 0
                    if delivery.stall == 0 { try await delivery.waitForRelief() }
                    try await delivery.pass(bytes, sent: &sent) { try await output.write(ByteBuffer(bytes: $0)) }
                    try await output.finish(nil)
                })
        case .stream(let produce):
            if isHead { return try await writer.writeResponse(head) }
            try await writer.write(
                response: head,
                body: ResponseBody { output in
                    var sent = 0
                    if delivery.stall == 0 { try await delivery.waitForRelief() }
                    try await produce { piece in
                        try await delivery.pass(piece, sent: &sent) { try await output.write(ByteBuffer(bytes: $0)) }
                    }
                    try await output.finish(nil)
                })
        }
    }

    private func simulated(_ request: Request, body: RequestBody) async throws -> SimulatedRequest {
        var bytes: [UInt8] = []
        for try await buffer in body {
            bytes.append(contentsOf: buffer.readableBytesView)
            guard bytes.count <= Self.bodyLimit else { throw Delivery.Broken() }
        }
        return SimulatedRequest(
            method: request.method, target: request.head.path ?? "/", headers: request.headers, body: bytes)
    }

    private static func mayWait(_ target: String) -> Bool {
        target.contains("/_changes") && (target.contains("feed=longpoll") || target.contains("feed=continuous"))
    }
}
