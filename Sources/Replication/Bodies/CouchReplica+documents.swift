import CouchDB
import Foundation

extension CouchReplica {
    /// By `_bulk_get` with history: the parent is a part of what proves a revision.
    package func documents(
        _ wanted: [DocumentLeaves], receive: (DocumentAnswer) async throws -> Void
    ) async throws {
        guard try await mayBulkGet() else { return try await documentsOfRevisions(wanted, receive: receive) }
        let items = wanted.flatMap { document in
            document.revisions.map { WantedRevision(id: document.id, revision: $0) }
        }
        guard !items.isEmpty else { return }
        do {
            try await bulkGetDocuments(items, receive: receive)
        } catch let error as CouchError where Self.isUnsupported(error) {
            // Said before any document came: a server of 1.x, or a proxy in front.
            remember { $0.lacksBulkGet = true }
            try await documentsOfRevisions(wanted, receive: receive)
        }
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
