import Foundation

/// One row of a changes feed: the newest change of one document.
public struct ChangeRow: Sendable, Hashable {
    /// The position of this change; nil where the server left it out, as it does for all but each n-th row under
    /// `seq_interval`.
    public var sequence: UpdateSequence?
    /// The document's id; empty in broken databases of old servers, which CouchDB's replicator passes over.
    ///
    /// Swift takes two spellings of one accented letter for equal strings. CouchDB doesn't: compare `id.utf8`.
    public var id: String
    /// The leaf revisions as the server lists them, the winner first: all of them with `style=all_docs`, the winner alone
    /// without.
    public var revisions: [RevisionID]
    /// Whether the document is deleted: the winner is a tombstone, and so are all other leaves.
    public var isDeleted: Bool
    /// Whether Cloudant has removed the first of the listed revisions, which is then not among ``revisions``.
    public var isRemoved: Bool
    /// The winning revision's document, byte for byte as it was sent, where the feed was asked to include documents.
    public var document: Data?

    /// Makes a row.
    public init(
        sequence: UpdateSequence?, id: String, revisions: [RevisionID], isDeleted: Bool = false,
        isRemoved: Bool = false, document: Data? = nil
    ) {
        self.sequence = sequence
        self.id = id
        self.revisions = revisions
        self.isDeleted = isDeleted
        self.isRemoved = isRemoved
        self.document = document
    }

    /// The leaf revisions as a set, to compare with another database's.
    public var leafSet: LeafSet { LeafSet(revisions) }
}
