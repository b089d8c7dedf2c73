import Foundation
import NIOCore
import NIOFoundationCompat
import NIOHTTP1

/// A whole answer in memory.
struct Answer: Sendable {
    var status: Int
    var headers: HTTPHeaders
    var body: ByteBuffer

    /// The body as JSON.
    ///
    /// - Throws: ``CouchError``: `not-couchdb` where it is a page or empty, `malformed-answer` where it is broken JSON.
    func json(request: String) throws -> JSONValue {
        let data = Data(buffer: body)
        guard looksLikeJSON else {
            throw CouchError(
                .notCouchDB,
                "the answer is not CouchDB's JSON but \(Excerpt(of: data)); "
                    + "a proxy, a login page or another service answers at this address",
                request: request, status: status)
        }
        do {
            return try JSONValue(parsing: data)
        } catch {
            throw CouchError(
                .malformedAnswer, "the answer is broken JSON: \(Excerpt(of: data))", request: request, status: status)
        }
    }

    /// Whether the first byte can begin a JSON text that CouchDB sends.
    private var looksLikeJSON: Bool {
        let whitespace: [UInt8] = [0x20, 0x0a, 0x0d, 0x09]
        guard let first = body.readableBytesView.first(where: { !whitespace.contains($0) }) else { return false }
        return "{[\"-0123456789".utf8.contains(first)
            || ["true", "false", "null"].contains { body.readableBytesView.starts(with: $0.utf8) }
    }
}
