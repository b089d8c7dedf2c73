import CouchDB

/// Some rows of a changes feed.
package struct ChangeRows: Sendable, Hashable {
    /// The rows, each with its position.
    package var rows: [ChangeRow]
    /// The position behind the last of them.
    package var lastSequence: UpdateSequence
    /// Whether no row comes behind that position.
    package var isAtEnd: Bool

    package init(rows: [ChangeRow], lastSequence: UpdateSequence, isAtEnd: Bool) {
        self.rows = rows
        self.lastSequence = lastSequence
        self.isAtEnd = isAtEnd
    }
}
