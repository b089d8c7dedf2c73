import CouchDB

/// A leaf revision, and whether it is a tombstone.
package struct Leaf: Sendable, Hashable {
    package var revision: RevisionID
    package var isDeleted: Bool

    package init(_ revision: RevisionID, isDeleted: Bool) {
        self.revision = revision
        self.isDeleted = isDeleted
    }
}

/// A document with its winning revision.
package struct DocumentWinner: Sendable, Hashable {
    package var id: DocumentID
    package var revision: RevisionID

    package init(id: DocumentID, revision: RevisionID) {
        self.id = id
        self.revision = revision
    }
}
