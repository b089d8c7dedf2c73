import AsyncHTTPClient
import NIOCore
import NIOHTTP1

extension CouchDatabase {
    /// Fetches an attachment, read while it arrives.
    ///
    /// - Throws: ``CouchError``; code `not-found` where there is no such attachment, revision, document or database.
    public func attachment(
        _ attachment: String, of id: String, revision: RevisionID? = nil
    ) async throws -> AttachmentAnswer {
        var query: [String: String] = [:]
        query["rev"] = revision?.description
        let request = CouchRequest(.get, try path(of: id) + [attachment], query: query, accept: "*/*")
        let (headers, body) = try await server.stream(request)
        let digest = headers.first(name: "Content-MD5").map { "md5-\($0)" }
        return AttachmentAnswer(
            contentType: headers.first(name: "Content-Type"),
            length: headers.first(name: "Content-Length").flatMap { Int($0) },
            digest: digest, body: body)
    }

    /// Stores an attachment, sent while it is read, and returns the document's new revision.
    ///
    /// - Parameters:
    ///   - revision: the document's revision; nil for a document that does not exist yet.
    ///   - length: the number of bytes, which must be right.
    ///   - body: the bytes. They can be read once, so the request is not repeated after it was sent.
    /// - Throws: ``CouchError``; code `conflict` where the document was changed by somebody else. Errors of `body` come out
    ///   as a failed request.
    public func putAttachment<Body: AsyncSequence & Sendable>(
        _ attachment: String, of id: String, revision: String?, contentType: String, length: Int, body: Body
    ) async throws -> String where Body.Element == ByteBuffer {
        var query: [String: String] = [:]
        query["rev"] = revision
        let request = CouchRequest(
            .put, try path(of: id) + [attachment], query: query,
            body: .stream(.stream(body, length: .known(Int64(length))), contentType: contentType))
        let shown = request.shown(on: server.url)
        let answer = try await server.upload(request).json(request: shown)
        guard let revision = answer["rev"]?.string else {
            throw CouchError(.malformedAnswer, "the answer to an attachment names no revision", request: shown)
        }
        return revision
    }
}
