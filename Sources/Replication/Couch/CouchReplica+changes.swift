import CouchDB

extension CouchReplica {
    /// One page of the feed; measured on 3.5.0, pages of some thousand rows cost hardly more than one feed over all.
    ///
    /// What waits for a change is silent, and a proxy may cut it off: then there was none, and the next ones wait less long, until
    /// some of them have ended well.
    package func changes(
        since sequence: UpdateSequence, limit: Int, patience: Duration?
    ) async throws -> ChangeBatch {
        var batch = ChangeBatch(documents: [], lastSequence: sequence, pending: nil, isAtEnd: false)
        guard let patience else {
            try await readChanges(limit: limit, patience: nil, into: &batch)
            return batch
        }
        let longest = min(patience, remember { $0.patience } ?? patience)
        let start = ContinuousClock.now
        do {
            try await readChanges(limit: limit, patience: longest, into: &batch)
            remember { $0.waitEnded(of: patience) }
        } catch let error as CouchError
            where FailureKind(error) == .passing && longest > limits.shortestPatience
            && start.duration(to: .now) >= limits.shortestPatience && batch.documents.isEmpty && batch.unusable.isEmpty
        {
            let shorter = max(limits.shortestPatience, min(longest, start.duration(to: .now)) / 2)
            remember { $0.waitFailed(shorter) }
            guard error.code == .malformedAnswer else { throw error }
            batch.isAtEnd = true
        }
        return batch
    }

    /// Reads the feed from the end of a batch on into it.
    private func readChanges(limit: Int, patience: Duration?, into batch: inout ChangeBatch) async throws {
        let feed = database.changes(
            ChangesOptions(
                mode: patience == nil ? .normal : .longpoll, since: batch.lastSequence, limit: limit,
                sequenceInterval: limit, patience: patience))
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
    }

    package func missing(_ documents: [DocumentLeaves]) async throws -> [DocumentLeaves] {
        var missing: [DocumentID: Set<RevisionID>] = [:]
        try await inParts(documents) { part in
            for group in Self.groupsOfDistinctNames(part) {
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
