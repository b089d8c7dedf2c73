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
}
