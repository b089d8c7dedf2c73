import CouchDB
import Foundation

extension CouchReplica {
    package func store(_ revisions: [Revision], checkpoint: Checkpoint?) async throws -> StoreResult {
        var result = StoreResult()
        for group in Self.groups(revisions.filter(\.attachments.isEmpty), limit: limits.request) {
            result.refusals += try await write(group)
        }
        for revision in revisions where !revision.attachments.isEmpty {
            if let refusal = try await put(revision) { result.refusals.append(refusal) }
        }
        if let checkpoint, result.refusals.isEmpty {
            try await record(checkpoint)
            result.didRecordCheckpoint = true
        }
        return result
    }

    /// Groups of revisions whose bytes stay below the limit; a larger one stands alone.
    static func groups(_ revisions: [Revision], limit: Int) -> [ArraySlice<Revision>] {
        var groups: [ArraySlice<Revision>] = []
        var (start, size) = (0, 0)
        for (index, revision) in revisions.enumerated() {
            if index > start, size + revision.document.count > limit {
                groups.append(revisions[start..<index])
                (start, size) = (index, 0)
            }
            size += revision.document.count
        }
        return start < revisions.count ? groups + [revisions[start...]] : groups
    }

    /// Writes documents together, in halves where the server finds them too large or one of them not valid.
    private func write(_ revisions: ArraySlice<Revision>) async throws -> [Refusal] {
        do {
            let result = try await database.bulkDocuments(revisions.map { $0.document })
            guard result.reachedQuorum else {
                throw CouchError(.serverError, "not enough copies of a shard took the documents", status: 202)
            }
            return try result.refused.map { try refusal($0, among: revisions) }
        } catch let error as CouchError where Self.concernsDocuments(error) {
            guard revisions.count > 1 else { return revisions.map { Refusal(of: $0, error) } }
            let middle = revisions.startIndex + revisions.count / 2
            return try await write(revisions[..<middle]) + write(revisions[middle...])
        }
    }

    /// Whether the server turns down what is in the request, rather than who sends it or when.
    static func concernsDocuments(_ error: CouchError) -> Bool {
        error.code == .tooLarge || (error.code == .rejected && [400, 415, 417].contains(error.status))
    }

    private func refusal(_ row: RefusedDocument, among revisions: ArraySlice<Revision>) throws -> Refusal {
        let id = DocumentID(row.id)
        let same = revisions.filter { $0.id == id }
        guard
            let revision = same.first(where: { $0.revision.description == row.revision })
                ?? (same.count == 1 ? same.first : nil)
        else {
            throw CouchError(
                .malformedAnswer, "_bulk_docs refuses “\(row.id)” \(row.revision ?? ""), which was not sent")
        }
        return Refusal(
            id: id, revision: revision.revision, stage: .storing, error: row.error,
            reason: row.reason ?? "the server gives no reason")
    }

    /// Writes what a document says as a client writes a new one: over a tombstone it goes on from that.
    ///
    /// Functions that validate writes are shown nothing then that was there before, and the tombstone where a revision is stored
    /// (`couch_db:prep_and_validate_update`): many refuse what has nothing in common with the tombstone.
    ///
    /// - Parameters:
    ///   - document: the bytes of the document, which name no revision.
    ///   - revision: whose attachments it has, and what a refusal names.
    /// - Returns: why the server did not take it; nil where it did.
    package func create(_ document: Data, like revision: Revision) async throws -> Refusal? {
        var new = revision
        new.document = document
        do {
            guard revision.attachments.isEmpty else { return try await put(new, isNew: true) }
            if let failure = try await database.pathFailure(of: revision.id.text, isNew: true) {
                return Refusal(of: revision, failure)
            }
            _ = try await database.putDocument(revision.id.text, document: document)
            return nil
        } catch let error as CouchError
            where Self.concernsDocuments(error) || [.forbidden, .conflict, .invalidInput].contains(error.code)
        {
            return Refusal(of: revision, error)
        }
    }

    /// Writes a revision with its attachments, which stream from where they are.
    private func put(_ revision: Revision, isNew: Bool = false) async throws -> Refusal? {
        do {
            let members = try DocumentMembers(of: revision.document)
            let layout = try MultipartWriter(document: revision.document, members: members)
            let body = UploadBody(layout, attachments: revision.attachments)
            if let failure = try await database.pathFailure(of: revision.id.text, isNew: isNew) {
                return Refusal(of: revision, failure)
            }
            do {
                try await database.putRevision(
                    revision.id.text, revision: isNew ? nil : revision.revision, layout: layout, body: body,
                    isNew: isNew)
            } catch {
                guard let (name, cause) = body.unread.failure else {
                    if let error = error as? CouchError { throw error.ofOneDocument(in: database) }
                    throw error
                }
                try Task.checkCancellation()
                if let local = LocalFileFailure(cause) { throw local }
                return Refusal(
                    id: revision.id, revision: revision.revision, stage: .fetching, error: "damaged",
                    reason: "its attachment “\(name)” can't be read: \(cause)")
            }
            return nil
        } catch let error as CouchError
            where Self.concernsDocuments(error)
            || [.forbidden, .preconditionFailed, .invalidInput].contains(error.code)
        {
            return Refusal(of: revision, error)
        }
    }
}

extension Refusal {
    /// The refusal of a revision by the target.
    init(of revision: Revision, _ error: CouchError) {
        self.init(
            id: revision.id, revision: revision.revision, stage: .storing, error: error.error ?? error.code.rawValue,
            reason: error.reason ?? error.message)
    }
}
