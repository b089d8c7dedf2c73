import CouchDB
import Foundation

extension CouchReplica {
    /// By `_bulk_get` with history, or document by document: the parent is a part of what proves a revision.
    package func documents(
        _ wanted: [DocumentLeaves], receive: (DocumentAnswer) async throws -> Void
    ) async throws {
        let items = wanted.flatMap { document in
            document.revisions.map { WantedRevision(id: document.id, revision: $0) }
        }
        guard !items.isEmpty else { return }
        let isDone: Void? = try await wherePossible {
            try await inParts(items) { try await bulkGetDocuments($0, receive: receive) }
        }
        guard isDone == nil else { return }
        // Each revision stands twice in the URL.
        try await documentByDocument(
            DocumentRequest.list(items, atMost: 50), overlapping: true,
            ask: { request, sizeLimit in try await self.openDocuments(of: request, sizeLimit: sizeLimit) },
            receive: receive)
    }

    /// Reads the documents of some revisions without their attachments.
    private func openDocuments(
        of request: DocumentRequest, sizeLimit: Int?
    ) async throws -> DocumentAnswers<DocumentAnswer> {
        var documents: [RevisionID: Data] = [:]
        var (error, reason) = ("not_found", "the server doesn't hand it out")
        do {
            // As if all attachments were here: a multipart answer brings the others along, whatever `attachments` says
            // (send_docs_multipart of couch_httpd_db.erl), and a JSON one would be held whole before it is read.
            let revisions = request.wanted.map(\.revision)
            let answer = try database.openRevisionsWithAttachments(
                request.id.text, revisions: revisions, latest: false, attachmentsSince: revisions)
            for try await event in answer.limited(to: sizeLimit) {
                guard case .document(let bytes, let members) = event else { continue }
                documents[try members.revisionPath().leaf] = bytes
            }
        } catch let failure as CouchError where failure.isDocumentMissing || failure.code == .invalidInput {
            (error, reason) = (failure.error ?? failure.code.rawValue, failure.message)
        } catch let failure as CouchError {
            throw failure.ofOneDocument(in: database)
        }
        let answers = request.wanted.map { item in
            DocumentAnswer(
                id: item.id, revision: item.revision,
                outcome: documents[item.revision].map { .given($0) }
                    ?? .unavailable(
                        Refusal(
                            id: item.id, revision: item.revision, stage: .fetching, error: error, reason: reason)))
        }
        return DocumentAnswers(answers: answers, size: documents.values.reduce(0) { $0 + $1.count })
    }

    private func bulkGetDocuments(
        _ items: [WantedRevision], receive: (DocumentAnswer) async throws -> Void
    ) async throws {
        var (index, document, failure): (Int, Data?, BulkGetFailure?) = (0, nil, nil)
        for try await event in database.bulkGet(items.map(\.request), latest: false) {
            switch event {
            case .document(let bytes, _): document = bytes
            case .failure(let told): failure = told
            case .answered:
                guard index < items.count else {
                    throw CouchError(.malformedAnswer, "_bulk_get answers more than it was asked for")
                }
                let item = items[index]
                let refusal = Refusal(
                    id: item.id, revision: item.revision, stage: .fetching, error: failure?.error ?? "not_found",
                    reason: failure?.reason ?? "the server gives no reason")
                try await receive(
                    DocumentAnswer(
                        id: item.id, revision: item.revision,
                        outcome: document.map { .given($0) } ?? .unavailable(refusal)))
                (document, failure) = (nil, nil)
                index += 1
            case .end: break
            }
        }
        guard index == items.count else {
            throw CouchError(.malformedAnswer, "_bulk_get answers \(index) of \(items.count) revisions")
        }
    }
}
