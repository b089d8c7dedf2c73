import Foundation
import NIOCore
import NIOFoundationCompat

/// A multipart answer with revisions and their attachments as it arrives.
public typealias RevisionsAnswer = AnswerStream<RevisionsReader>

extension CouchDatabase {
    /// Fetches leaf revisions of one document with their history, as the bytes that the server sends.
    ///
    /// - Parameters:
    ///   - revisions: the revisions; all leaf revisions, deleted ones too, where nil.
    ///   - latest: whether a newer leaf revision may be sent instead of one that is no leaf any more.
    ///   - includeAttachments: whether attachments are sent inside of the documents as base64.
    /// - Throws: ``CouchError``; code `not-found` where there is no such document or database.
    public func openRevisions(
        _ id: String, revisions: [RevisionID]? = nil, latest: Bool = true, includeAttachments: Bool = false
    ) async throws -> [OpenRevision] {
        let query = Self.openRevisionsQuery(revisions, latest: latest, includeAttachments: includeAttachments)
        let request = CouchRequest(.get, try path(of: id), query: query)
        let shown = request.shown(on: server.url)
        let answer = try await server.answer(to: request)
        do {
            return try OpenRevision.read(Data(buffer: answer.body))
        } catch {
            throw error.naming(shown)
        }
    }

    /// Fetches leaf revisions of one document with their history and attachments, read while they arrive.
    ///
    /// Attachments come as the server stores them, compressed or not, and are never held whole.
    ///
    /// - Parameters:
    ///   - revisions: the revisions; all leaf revisions, deleted ones too, where nil. They go into the URL, which servers
    ///     limit to some 7,000 characters: ask for about a hundred at a time.
    ///   - latest: whether a newer leaf revision may be sent instead of one that is no leaf any more.
    ///   - attachmentsSince: revisions whose attachments the asker has already; only younger ones are sent.
    public func openRevisionsWithAttachments(
        _ id: String, revisions: [RevisionID]? = nil, latest: Bool = true, attachmentsSince: [RevisionID] = []
    ) throws -> RevisionsAnswer {
        var query = Self.openRevisionsQuery(revisions, latest: latest, includeAttachments: attachmentsSince.isEmpty)
        if !attachmentsSince.isEmpty {
            query["atts_since"] = JSONValue.array(attachmentsSince.map { .string($0.description) }).text
        }
        let request = CouchRequest(.get, try path(of: id), query: query, accept: "multipart/mixed")
        let shown = request.shown(on: server.url)
        return RevisionsAnswer(server: server, request: request) { (contentType) throws(CouchError) in
            guard let contentType, contentType.hasPrefix("multipart/") else {
                throw CouchError(
                    .notCouchDB, "the answer is \(contentType ?? "of no type") where CouchDB answers multipart/mixed",
                    request: shown)
            }
            return try RevisionsReader(contentType: contentType)
        }
    }

    private static func openRevisionsQuery(
        _ revisions: [RevisionID]?, latest: Bool, includeAttachments: Bool
    ) -> [String: String] {
        var query = ["revs": "true", "open_revs": "all"]
        if let revisions {
            query["open_revs"] = JSONValue.array(revisions.map { .string($0.description) }).text
            if latest { query["latest"] = "true" }
        }
        if includeAttachments { query["attachments"] = "true" }
        return query
    }
}
