import Foundation
import NIOCore
import NIOFoundationCompat

@testable import CouchDB

extension CouchDatabase {
    /// The bytes of a document as they are served.
    func bytes(of id: String, query: [String: String] = [:]) async throws -> Data {
        let request = CouchRequest(.get, [name] + (try DocumentPath.segments(of: id)), query: query)
        return Data(buffer: try await server.answer(to: request).body)
    }

    /// Writes a document as it stands, and tells whether the server took it.
    func put(_ id: String, text: String) async throws -> Bool {
        let request = CouchRequest(
            .put, [name] + (try DocumentPath.segments(of: id)),
            body: .bytes(ByteBuffer(string: text), contentType: "application/json"))
        do {
            _ = try await server.answer(to: request)
            return true
        } catch let error as CouchError where [.rejected, .forbidden].contains(error.code) {
            return false
        }
    }

    /// The ids that `_find` finds.
    func find(_ selector: String) async throws -> [String] {
        let body: JSONValue = [
            "selector": try JSONValue(parsing: Data(selector.utf8)), "limit": 1000, "fields": ["_id"],
        ]
        let answer = try await server.json(.post, [name, "_find"], body: body)
        return (answer["docs"]?.array ?? []).compactMap { $0["_id"]?.string }
    }
}
