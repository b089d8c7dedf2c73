import CouchDB

/// One page of a replica's changes.
package struct ChangeBatch: Sendable, Hashable {
    /// The documents that have changed, oldest change first.
    package var documents: [DocumentLeaves]
    /// The position behind the last of them, where the next page begins.
    package var lastSequence: UpdateSequence
    /// How many changes come behind that position, where the replica can tell.
    package var pending: Int?
    /// Whether there was nothing behind this page when it was read.
    package var isAtEnd: Bool
    /// What the page names that can't be copied, such as a row with an empty id from a broken database.
    package var unusable: [Refusal]

    package init(
        documents: [DocumentLeaves], lastSequence: UpdateSequence, pending: Int?, isAtEnd: Bool,
        unusable: [Refusal] = []
    ) {
        self.documents = documents
        self.lastSequence = lastSequence
        self.pending = pending
        self.isAtEnd = isAtEnd
        self.unusable = unusable
    }
}
