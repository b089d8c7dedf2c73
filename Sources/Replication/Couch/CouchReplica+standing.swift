import CouchDB

/// What is to be known of revisions before anything is destroyed on the database's word.
///
/// `_revs_diff` and the feed are answered by one copy of a shard, which may lack what others took while its node was away, even
/// when that is back (`fabric_doc_missing_revs.erl`). Who asks for a revision itself is not told that there is none before other
/// copies say so too (`fabric_open_revs.erl`).
extension CouchReplica {
    /// Those of these revisions that no copy knows.
    package func missingEverywhere(_ documents: [DocumentLeaves]) async throws -> [DocumentLeaves] {
        try await those(of: documents) { _, given in given.isEmpty }
    }

    /// Those of these revisions that no copy has as a leaf.
    package func noLeafAnywhere(_ documents: [DocumentLeaves]) async throws -> [DocumentLeaves] {
        try await those(of: documents) { item, given in !given.contains(item.revision) }
    }

    /// - Parameter test: takes a revision, and the leaves that are handed out for it: itself, or what has replaced it.
    private func those(
        of documents: [DocumentLeaves], where test: (WantedRevision, Set<RevisionID>) -> Bool
    ) async throws -> [DocumentLeaves] {
        let items = documents.flatMap { document in
            document.revisions.map { WantedRevision(id: document.id, revision: $0) }
        }
        var found: [(id: DocumentID, revision: RevisionID)] = []
        for start in stride(from: 0, to: items.count, by: Self.askedTogether) {
            let part = Array(items[start..<min(start + Self.askedTogether, items.count)])
            let given = try await leavesGiven(for: part)
            for (index, item) in part.enumerated() where given.map({ test(item, $0[index]) }) ?? true {
                found.append((item.id, item.revision))
            }
        }
        return DocumentLeaves.grouping(found)
    }

    private static let askedTogether = 100

    /// The leaves that are handed out for each of these revisions; nil where no second word is needed.
    private func leavesGiven(for wanted: [WantedRevision]) async throws -> [Set<RevisionID>]? {
        if let given = try await wherePossible({ try await bulkGiven(for: wanted) }) { return given }
        // One copy, as of each database of 1.x, which takes 45 ms for each request.
        guard try await database.info().copyCounts != nil else { return nil }
        var given: [Set<RevisionID>] = []
        for item in wanted { given.append(try await openGiven(for: item)) }
        return given
    }

    private func bulkGiven(for wanted: [WantedRevision]) async throws -> [Set<RevisionID>] {
        var given: [Set<RevisionID>] = []
        var (leaves, isDenied): (Set<RevisionID>, Bool) = ([], false)
        for try await event in database.bulkGet(wanted.map(\.request)) {
            switch event {
            case .document(_, let members): leaves.insert(try members.revisionPath().leaf)
            case .failure(let failure): isDenied = failure.error == "not_found"
            case .answered:
                guard given.count < wanted.count else {
                    throw CouchError(.malformedAnswer, "_bulk_get answers more than it was asked for")
                }
                // Any other failure proves nothing.
                given.append(leaves.isEmpty && !isDenied ? [wanted[given.count].revision] : leaves)
                (leaves, isDenied) = ([], false)
            case .end: break
            }
        }
        guard given.count == wanted.count else {
            throw CouchError(.malformedAnswer, "_bulk_get answers \(given.count) of \(wanted.count) revisions")
        }
        return given
    }

    private func openGiven(for item: WantedRevision) async throws -> Set<RevisionID> {
        do {
            var leaves: Set<RevisionID> = []
            for answer in try await database.openRevisions(item.id.text, revisions: [item.revision]) {
                guard case .document(let document) = answer else { continue }
                leaves.insert(try DocumentMembers(of: document).revisionPath().leaf)
            }
            return leaves
        } catch let error as CouchError where error.isDocumentMissing {
            return []
        } catch let error as CouchError where error.code == .invalidInput {
            return [item.revision]
        }
    }
}
