import CouchDB

extension CouchReplica {
    /// One page of the feed; measured on 3.5.0, pages of some thousand rows cost hardly more than one feed over all.
    package func changes(
        since sequence: UpdateSequence, limit: Int, patience: Duration?
    ) async throws -> ChangeBatch {
        let feed = database.changes(
            ChangesOptions(
                mode: patience == nil ? .normal : .longpoll, since: sequence, limit: limit, sequenceInterval: limit,
                patience: patience))
        var batch = ChangeBatch(documents: [], lastSequence: sequence, pending: nil, isAtEnd: false)
        var rows = 0
        for try await event in feed {
            switch event {
            case .row(let row):
                rows += 1
                if row.id.isEmpty {
                    batch.unusable += row.revisions.map {
                        Refusal(
                            id: DocumentID(""), revision: $0, stage: .fetching, error: "empty_id",
                            reason: "the feed has a row with an empty id, which no request can ask for")
                    }
                } else if !row.revisions.isEmpty {
                    batch.documents.append(DocumentLeaves(id: DocumentID(row.id), revisions: row.revisions))
                } else if !row.isRemoved {
                    batch.unusable.append(
                        Refusal(
                            id: DocumentID(row.id), revision: nil, stage: .fetching, error: "no_revisions",
                            reason: "the feed names no revision of it"))
                }
            case .heartbeat:
                break
            case .end(let last, let pending):
                (batch.lastSequence, batch.pending) = (last, pending)
                batch.isAtEnd = pending.map { $0 <= 0 } ?? (rows < limit)
            }
        }
        return batch
    }

    package func missing(_ documents: [DocumentLeaves]) async throws -> [DocumentLeaves] {
        var missing: [DocumentID: Set<RevisionID>] = [:]
        for group in Self.groupsOfDistinctNames(documents) {
            let answer = try await database.revisionsDiff(group)
            for (id, entry) in answer {
                missing[DocumentID(id)] = Set(
                    try entry.missing.map { text in
                        guard let revision = RevisionID(text) else {
                            throw CouchError(.malformedAnswer, "_revs_diff names “\(text)”, which is no revision")
                        }
                        return revision
                    })
            }
        }
        return documents.compactMap { document in
            guard let lacking = missing[document.id] else { return nil }
            let revisions = document.revisions.filter(lacking.contains)
            return revisions.isEmpty ? nil : DocumentLeaves(id: document.id, revisions: revisions)
        }
    }

    /// Requests whose ids differ as Swift strings: two spellings of one accented letter would be one key.
    static func groupsOfDistinctNames(_ documents: [DocumentLeaves]) -> [[String: [String]]] {
        var groups: [[String: [String]]] = []
        for document in documents {
            let revisions = document.revisions.map(\.description)
            if let index = groups.firstIndex(where: { $0[document.id.text] == nil }) {
                groups[index][document.id.text] = revisions
            } else {
                groups.append([document.id.text: revisions])
            }
        }
        return groups
    }
}
