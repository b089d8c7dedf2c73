/// A document that had changed, with its leaf revisions then.
public struct ChangedDocument: Sendable, Hashable, Codable {
    /// Its id.
    public var id: String
    /// Its leaf revisions, the winner first.
    public var revisions: [String]

    /// Makes one.
    public init(id: String, revisions: [String]) { (self.id, self.revisions) = (id, revisions) }
}

extension CouchDatabase {
    /// The newest changes, by which it is known later whether the database was put back to an older state: then it has lost
    /// them, however far its feed has grown again.
    ///
    /// - Parameter count: more than one, since the shards of a database are listed in no order.
    public func newestChanges(_ count: Int = 8) async throws -> [ChangedDocument] {
        var found: [ChangedDocument] = []
        for try await event in changes(ChangesOptions(limit: count, isDescending: true)) {
            guard case .row(let row) = event, !row.id.isEmpty else { continue }
            found.append(ChangedDocument(id: row.id, revisions: row.revisions.map(\.description)))
        }
        return found
    }

    /// Those of the documents of which a revision, or what came of it, is not handed out.
    ///
    /// What ``lost(of:)`` asks is answered by one copy, which may have lagged behind the others since its node was away. Who
    /// asks for a revision itself is not told that there is none before most copies say so (`fabric_doc_open_revs.erl`).
    public func lostEverywhere(of documents: [ChangedDocument]) async throws -> [ChangedDocument] {
        var lost: [ChangedDocument] = []
        for document in documents {
            do {
                let given = try await openRevisions(
                    document.id, revisions: document.revisions.compactMap { RevisionID($0) })
                let missing = given.compactMap { if case .missing(let revision) = $0 { revision } else { nil } }
                if !missing.isEmpty { lost.append(ChangedDocument(id: document.id, revisions: missing)) }
            } catch let error as CouchError where error.isDocumentMissing {
                lost.append(document)
            }
        }
        return lost
    }

    /// Those of the documents of which the database no longer knows a revision, and has none that came later.
    ///
    /// A purge looks so too. What a low `_revs_limit` has cut off does not: then there is a later revision.
    public func lost(of documents: [ChangedDocument]) async throws -> [ChangedDocument] {
        var unknown: [ChangedDocument] = []
        // Two spellings of one accented letter are one key: the first is enough to know what is lost.
        let asked = Dictionary(documents.map { ($0.id, $0.revisions) }) { first, _ in first }
        for (id, answer) in try await revisionsDiff(asked) where !answer.missing.isEmpty {
            unknown.append(ChangedDocument(id: id, revisions: answer.missing))
        }
        guard !unknown.isEmpty else { return [] }
        var generations: [[UInt8]: Int] = [:]
        for try await event in changes(ChangesOptions(documentIDs: unknown.map(\.id))) {
            guard case .row(let row) = event else { continue }
            generations[Array(row.id.utf8)] = row.revisions.map(\.generation).max()
        }
        return unknown.filter { document in
            let newest = generations[Array(document.id.utf8)] ?? 0
            return document.revisions.contains { (RevisionID($0)?.generation ?? 0) >= newest }
        }
    }
}
