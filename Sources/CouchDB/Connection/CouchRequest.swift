import AsyncHTTPClient
import Foundation
import NIOCore
import NIOFoundationCompat
import NIOHTTP1

/// One request to a CouchDB server, before credentials are added.
struct CouchRequest: Sendable {
    /// What is sent behind the head.
    enum Body: Sendable {
        case none
        case bytes(ByteBuffer, contentType: String)
        /// Can be sent only once, so such a request is never repeated after it was sent.
        case stream(HTTPClientRequest.Body, contentType: String)
    }

    var method: RequestMethod
    /// The path's segments, not escaped.
    var path: [String]
    var query: [String: String]
    var body: Body
    var accept: String
    /// Whether sending it twice does no more than sending it once.
    var isIdempotent: Bool
    /// Statuses of 300 or more that are an answer rather than an error.
    var goodStatuses: Set<Int> = []

    init(
        _ method: RequestMethod, _ path: [String], query: [String: String] = [:], body: Body = .none,
        accept: String = "application/json", isIdempotent: Bool? = nil
    ) {
        self.method = method
        self.path = path
        self.query = query
        self.body = body
        self.accept = accept
        self.isIdempotent = isIdempotent ?? (method == .get || method == .head)
    }

    /// The request as errors show it: without query, which may be long, and without credentials.
    func shown(on server: ServerURL) -> String { "\(method) \(server.url(path: path))" }

    /// The request as it is sent.
    func httpRequest(on server: ServerURL, authorization: HTTPHeaders) -> HTTPClientRequest {
        var request = HTTPClientRequest(url: server.url(path: path, query: query))
        request.method = HTTPMethod(rawValue: method.rawValue)
        request.headers = authorization
        request.headers.add(name: "Accept", value: accept)
        request.headers.add(name: "User-Agent", value: "couchkeep")
        switch body {
        case .none: break
        case .bytes(let buffer, let contentType):
            request.headers.add(name: "Content-Type", value: contentType)
            request.body = .bytes(buffer)
        case .stream(let stream, let contentType):
            request.headers.add(name: "Content-Type", value: contentType)
            request.body = stream
        }
        return request
    }
}

extension CouchRequest.Body {
    /// A JSON text of a control document.
    static func json(_ value: JSONValue) -> CouchRequest.Body { json(value.serialized()) }

    /// Bytes that are JSON.
    static func json(_ bytes: Data) -> CouchRequest.Body {
        .bytes(ByteBuffer(data: bytes), contentType: "application/json")
    }
}
