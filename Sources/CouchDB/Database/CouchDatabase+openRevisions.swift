import Foundation
import NIOCore
import NIOFoundationCompat

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

    static func openRevisionsQuery(
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
