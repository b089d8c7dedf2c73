import Foundation
import NIOCore
import NIOFoundationCompat

extension CouchDatabase {
    /// The security object, byte for byte as the server sends it.
    ///
    /// - Throws: ``CouchError``.
    public func securityDocument() async throws -> Data {
        let request = CouchRequest(.get, [name, "_security"])
        let answer = try await asking { try await server.answer(to: request) }
        let document = Data(buffer: answer.body).trimmingLineEnd
        do {
            // However deep it is, which a parser of all of it minds.
            _ = try JSONMembers(of: document)
        } catch {
            // A proxy's page is told as such.
            _ = try answer.json(request: request.shown(on: server.url))
            throw CouchError(.malformedAnswer, "_security is not an object", request: request.shown(on: server.url))
        }
        return document
    }

    /// Replaces the security object by these bytes, which must be a JSON object.
    ///
    /// Needs an admin of the database or the server.
    public func setSecurity(document: Data) async throws {
        let body = CouchRequest.Body.bytes(ByteBuffer(data: document), contentType: "application/json")
        _ = try await server.answer(to: CouchRequest(.put, [name, "_security"], body: body, isIdempotent: true))
    }

    /// One page of the local documents, in the order of their ids (2.0 and later).
    ///
    /// - Parameters:
    ///   - startKey: the first id with `_local/`, the first document's where nil.
    ///   - limit: the largest number of documents.
    /// - Throws: ``CouchError``; code `not-found` where the server has no such list.
    public func localDocuments(from startKey: String? = nil, limit: Int) async throws -> [AllDocsRow] {
        var query = ["limit": String(limit), "include_docs": "true"]
        query["startkey"] = startKey.map { JSONValue.string($0).text }
        return try await rows(of: CouchRequest(.get, [name, "_local_docs"], query: query))
    }
}

extension Data {
    /// Without the line end that CouchDB puts behind each answer.
    fileprivate var trimmingLineEnd: Data { last == UInt8(ascii: "\n") ? Data(dropLast()) : self }
}
