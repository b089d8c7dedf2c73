import AsyncHTTPClient
import CouchDB
import Foundation
import NIOCore
import NIOHTTP1
import Secrets

/// Sends requests as they are written and returns answers as they come: what servers say is compared, not what our
/// client makes of it.
struct RawClient: Sendable {
    struct Answer: Sendable, CustomStringConvertible {
        var status: Int
        var body: JSONValue
        var bytes: Data
        var headers: [String: String]

        var description: String { "\(status) \(String(decoding: bytes.prefix(2000), as: UTF8.self))" }
    }

    /// A refused connection is an answer of its own: no retries. Kept for the whole process.
    private static let client: HTTPClient = {
        var configuration = HTTPClient.Configuration()
        configuration.connectionPool.retryConnectionEstablishment = false
        return HTTPClient(configuration: configuration)
    }()

    var baseURL: String
    var user: String?
    var password: Secret?

    /// The same server, asked by somebody else.
    func asking(as user: String?, password: String? = nil) -> RawClient {
        RawClient(baseURL: baseURL, user: user, password: password.map(Secret.init))
    }

    @discardableResult
    func send(
        _ method: HTTPMethod, _ path: String, _ body: JSONValue? = nil, text: String? = nil,
        headers: [String: String] = [:]
    ) async throws -> Answer {
        var request = HTTPClientRequest(url: baseURL + path)
        request.method = method
        if headers["Accept"] == nil { request.headers.add(name: "Accept", value: "application/json") }
        if let user { request.setBasicAuth(username: user, password: password?.reveal() ?? "") }
        if let body {
            request.body = .bytes(body.serialized())
        } else if let text {
            request.body = .bytes(Data(text.utf8))
        }
        if body != nil || text != nil, headers["Content-Type"] == nil {
            request.headers.add(name: "Content-Type", value: "application/json")
        }
        for (name, value) in headers { request.headers.add(name: name, value: value) }
        let response = try await Self.client.execute(request, timeout: .seconds(30))
        let bytes = Data(try await response.body.collect(upTo: 1 << 26).readableBytesView)
        // An answer that isn't JSON shows in the comparison of its bytes.
        let json = (try? JSONValue(parsing: bytes)) ?? .null
        let received = Dictionary(response.headers.map { ($0.name.lowercased(), $0.value) }) { first, _ in first }
        return Answer(status: Int(response.status.code), body: json, bytes: bytes, headers: received)
    }
}
