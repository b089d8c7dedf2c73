import CouchDB

/// Some rows of a changes feed.
package struct ChangeRows: Sendable, Hashable {
    /// The rows, each with its position.
    package var rows: [ChangeRow]
    /// The position behind the last of them.
    package var lastSequence: UpdateSequence
    /// How many rows come behind that position.
    package var pending: Int

    package init(rows: [ChangeRow], lastSequence: UpdateSequence, pending: Int) {
        self.rows = rows
        self.lastSequence = lastSequence
        self.pending = pending
    }
}
