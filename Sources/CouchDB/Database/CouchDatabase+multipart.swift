import AsyncHTTPClient
import NIOCore

extension CouchDatabase {
    /// Fetches revisions of many documents with history and attachments, read while they arrive (2.3 and later).
    ///
    /// Attachments come as the server stores them, compressed or not, and are never held whole.
    ///
    /// - Parameter latest: whether newer leaf revisions may be sent instead of one that is no leaf any more.
    public func bulkGetWithAttachments(_ revisions: [RevisionRequest], latest: Bool = true) -> RevisionsAnswer {
        var query = ["revs": "true", "attachments": "true"]
        if latest { query["latest"] = "true" }
        let request = CouchRequest(
            .post, [name, "_bulk_get"], query: query,
            body: .bytes(revisions.requestBody, contentType: "application/json"),
            accept: "multipart/mixed", isIdempotent: true)
        let shown = request.shown(on: server.url)
        return RevisionsAnswer(server: server, request: request) { (contentType) throws(CouchError) in
            guard let contentType, contentType.hasPrefix("multipart/") else {
                throw CouchError(
                    .unsupported, "the server answers _bulk_get as \(contentType ?? "no type"), not as multipart/mixed",
                    request: shown)
            }
            return try RevisionsReader(contentType: contentType)
        }
    }

    /// Writes one revision with its attachments exactly as it is, sent while it is read.
    ///
    /// Whatever happens, the call may be repeated; it is not repeated by itself, since `body` can be read once.
    ///
    /// - Parameters:
    ///   - layout: the layout of the request's body.
    ///   - body: the bytes of the layout's segments, in their order.
    ///   - revision: the revision that the document names; nil where it names none.
    ///   - isNew: writes it as a client writes a new document, which goes on from a tombstone that is there. The document names no
    ///     revision then, and a call that is repeated finds it there (code `conflict`).
    /// - Throws: ``CouchError``; code `server-error` with status 202 where the server says that not enough copies of the shard
    ///   took it, which CouchDB does for new documents alone (see ``BulkWriteResult/reachedQuorum``); `not-couchdb` where a proxy
    ///   makes an attachment of another document out of it. Errors of `body` come out as a failed request.
    public func putRevision<Body: AsyncSequence & Sendable>(
        _ id: String, revision: RevisionID?, layout: MultipartWriter, body: Body, isNew: Bool = false
    ) async throws where Body.Element == ByteBuffer {
        var query = isNew ? [:] : ["new_edits": "false"]
        // Without it, an attachment that a proxy makes out of this would be taken: of a document, CouchDB only compares it.
        query["rev"] = revision?.description
        let request = CouchRequest(
            .put, try path(of: id), query: query,
            body: .stream(
                .stream(body, length: .known(Int64(layout.contentLength))), contentType: layout.contentType))
        let shown = request.shown(on: server.url)
        let answer: Answer
        do {
            answer = try await server.upload(request)
        } catch let error as CouchError where error.code == .conflict && !isNew {
            // No revision that is written as it is conflicts with anything.
            throw try await server.explained(error, naming: id)
        }
        guard answer.status != 202 else {
            throw CouchError(
                .serverError, "not enough copies of the shard took the revision", request: shown, status: 202)
        }
        try Self.expect(answer.json(request: shown), isAbout: id, request: shown)
    }
}
