import Foundation
import NIOCore
import NIOFoundationCompat

/// An answer of `_bulk_get` as it arrives.
public typealias BulkGetAnswer = AnswerStream<BulkGetScanner>

extension CouchDatabase {
    /// Fetches revisions, as the bytes that the server sends (1.7 and later).
    ///
    /// The answers come in the order of the request, each one ending with ``BulkGetEvent/answered``.
    ///
    /// - Parameters:
    ///   - latest: whether a newer leaf revision may be sent instead of one that is no leaf any more.
    ///   - includeHistory: whether the documents name their ancestors, up to a thousand of them.
    ///   - includeAttachments: whether attachments are sent inside of the documents as base64; they are named only where
    ///     not. Such documents can be large.
    public func bulkGet(
        _ revisions: [RevisionRequest], latest: Bool = true, includeHistory: Bool = true,
        includeAttachments: Bool = false
    ) -> BulkGetAnswer {
        var query = ["revs": includeHistory ? "true" : "false", "attachments": includeAttachments ? "true" : "false"]
        if latest { query["latest"] = "true" }
        let request = CouchRequest(
            .post, [name, "_bulk_get"], query: query,
            body: .bytes(revisions.requestBody, contentType: "application/json"), isIdempotent: true)
        return BulkGetAnswer(server: server, request: request) { _ in BulkGetScanner() }
    }

    /// Whether `_bulk_get` hands out what the user may read.
    ///
    /// From 2.0 to 2.2 it asks as nobody (`chttpd_db.erl`; apache/couchdb commit d9843824e). Of accounts the answer breaks off then.
    /// A replication document comes without its credentials under another revision, which `latest=true` makes the server
    /// store as a conflict that may win: `open_revs` does not.
    package func bulkGetsAsUser() async throws -> Bool {
        guard SystemDatabase.isReplicator(name) || SystemDatabase.isUsers(name) else { return true }
        return try await server.latestInfo().version >= ServerVersion(2, 3)
    }

    /// Writes revisions exactly as they are, with `new_edits: false`, as replication does.
    ///
    /// Revisions that the database has already change nothing, so a failed call can be repeated. The documents that are
    /// not named in the result were taken.
    ///
    /// - Parameter documents: the bytes of whole JSON documents with `_id`, `_rev` and `_revisions`, which are sent as they
    ///   are. Their sum should stay below some megabytes.
    /// - Throws: ``CouchError``; then it is unknown which documents were taken. `too-large` asks for smaller calls.
    public func bulkDocuments(_ documents: [Data]) async throws -> BulkWriteResult {
        var body = ByteBuffer()
        body.reserveCapacity(documents.reduce(40) { $0 + $1.count + 1 })
        body.writeString(#"{"new_edits":false,"docs":["#)
        for (index, document) in documents.enumerated() {
            if index > 0 { body.writeString(",") }
            body.writeData(document)
        }
        body.writeString("]}")
        let request = CouchRequest(
            .post, [name, "_bulk_docs"], body: .bytes(body, contentType: "application/json"), isIdempotent: true)
        let shown = request.shown(on: server.url)
        let answer = try await server.answer(to: request)
        guard let rows = try answer.json(request: shown).array else {
            throw CouchError(.malformedAnswer, "_bulk_docs is not a list", request: shown, status: answer.status)
        }
        return BulkWriteResult(
            refused: rows.compactMap(RefusedDocument.init(row:)), reachedQuorum: answer.status != 202)
    }
}

extension [RevisionRequest] {
    /// The body of a request for these revisions.
    var requestBody: ByteBuffer {
        var body = ByteBuffer()
        body.reserveCapacity(count * 96 + 16)
        body.writeString(#"{"docs":["#)
        for (index, revision) in enumerated() {
            if index > 0 { body.writeString(",") }
            revision.write(into: &body)
        }
        body.writeString("]}")
        return body
    }
}
