import CouchDB

/// Some or all leaf revisions of one document.
package struct DocumentLeaves: Sendable, Hashable {
    package var id: DocumentID
    /// The revisions, in the order in which the replica lists them; the winner first where all are listed.
    package var revisions: [RevisionID]

    package init(id: DocumentID, revisions: [RevisionID]) {
        self.id = id
        self.revisions = revisions
    }

    /// Which leaves of one replica another one must have replaced: of documents of which the first has all current leaves, those
    /// that are none of them and have fewer edits behind them than the newest of them.
    ///
    /// Their histories don't meet where the other replica hands out less of them than it once did, as under a lowered
    /// `_revs_limit`: then no replication ever ends such a leaf.
    ///
    /// - Parameters:
    ///   - current: all leaves of the other replica, read before those held.
    ///   - held: all leaves of the one.
    package static func replaced(_ current: [DocumentLeaves], among held: [DocumentLeaves]) -> [DocumentLeaves] {
        let leaves = Dictionary(current.map { ($0.id, $0.revisions) }) { $1 }
        return held.compactMap { document in
            guard let current = leaves[document.id], let newest = current.map(\.generation).max(),
                Set(document.revisions).isSuperset(of: current)
            else { return nil }
            let replaced = document.revisions.filter { !current.contains($0) && $0.generation < newest }
            return replaced.isEmpty ? nil : DocumentLeaves(id: document.id, revisions: replaced)
        }
    }

    /// Documents without some of their revisions, and without those of which none is left.
    static func removing(_ revisions: [DocumentLeaves], from documents: [DocumentLeaves]) -> [DocumentLeaves] {
        let removed = Dictionary(revisions.map { ($0.id, Set($0.revisions)) }) { $1 }
        return documents.compactMap { document in
            let left = document.revisions.filter { removed[document.id]?.contains($0) != true }
            return left.isEmpty ? nil : DocumentLeaves(id: document.id, revisions: left)
        }
    }

    /// Revisions by document, in their order; those of one document stand together already.
    static func grouping(_ items: [(id: DocumentID, revision: RevisionID)]) -> [DocumentLeaves] {
        var leaves: [DocumentLeaves] = []
        leaves.reserveCapacity(items.count)
        for item in items {
            if leaves.last?.id == item.id {
                leaves[leaves.count - 1].revisions.append(item.revision)
            } else {
                leaves.append(DocumentLeaves(id: item.id, revisions: [item.revision]))
            }
        }
        return leaves
    }
}
