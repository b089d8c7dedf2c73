import AsyncHTTPClient
import CouchDB
import Foundation
import NIOCore
import NIOHTTP1

/// Sends requests as they are written and returns answers as they come.
struct RawClient: Sendable {
    struct Answer: Sendable, CustomStringConvertible {
        var status: Int
        var headers: HTTPHeaders
        var bytes: Data

        /// The body as JSON; null where it isn't, which no comparison takes for an answer.
        var json: JSONValue { (try? JSONValue(parsing: bytes)) ?? .null }
        var text: String { String(decoding: bytes, as: UTF8.self) }
        var description: String { "\(status) \(text.prefix(2000))" }
    }

    var baseURL: String

    @discardableResult
    func send(
        _ method: HTTPMethod, _ path: String, _ body: String? = nil, headers: [String: String] = [:]
    ) async throws -> Answer {
        let response = try await HTTPClient.shared.execute(
            request(method, path, body, headers: headers), timeout: .seconds(60))
        let bytes = Data(try await response.body.collect(upTo: 1 << 26).readableBytesView)
        return Answer(status: Int(response.status.code), headers: response.headers, bytes: bytes)
    }

    func get(_ path: String, headers: [String: String] = [:]) async throws -> Answer {
        try await send(.GET, path, headers: headers)
    }

    /// The body of an answer that goes on, line by line.
    func lines(_ path: String) async throws -> Lines {
        let response = try await HTTPClient.shared.execute(request(.GET, path, nil), timeout: .seconds(60))
        return Lines(body: response.body.makeAsyncIterator())
    }

    struct Lines {
        var body: HTTPClientResponse.Body.AsyncIterator
        private var buffer = ByteBuffer()

        init(body: HTTPClientResponse.Body.AsyncIterator) { self.body = body }

        /// The next line, nil at the end.
        mutating func next() async throws -> String? {
            while true {
                if let end = buffer.readableBytesView.firstIndex(of: UInt8(ascii: "\n")) {
                    let line = buffer.readString(length: end - buffer.readerIndex)
                    buffer.moveReaderIndex(forwardBy: 1)
                    return line
                }
                guard let piece = try await body.next(isolation: #isolation) else { return nil }
                buffer.writeImmutableBuffer(piece)
            }
        }
    }

    private func request(
        _ method: HTTPMethod, _ path: String, _ body: String?, headers: [String: String] = [:]
    ) -> HTTPClientRequest {
        var request = HTTPClientRequest(url: baseURL + path)
        request.method = method
        if let body {
            request.body = .bytes(Data(body.utf8))
            if headers["Content-Type"] == nil { request.headers.add(name: "Content-Type", value: "application/json") }
        }
        for (name, value) in headers { request.headers.add(name: name, value: value) }
        return request
    }
}
