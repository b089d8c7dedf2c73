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
