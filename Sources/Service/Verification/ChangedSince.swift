import CouchDB
import Replication

/// The documents that a source has changed since a position: what differs of them may be on its way.
package struct ChangedSince: Sendable {
    /// More than these are not told one by one: the backup is too far behind to be judged.
    package static let limit = 100_000

    let ids: Set<DocumentID>
    /// Whether there are more than were read.
    let isTooMany: Bool

    /// Reads the source's feed behind a position.
    ///
    /// - Throws: `CouchError`, `CancellationError`.
    static func read(_ database: CouchDatabase, since sequence: UpdateSequence, limit: Int) async throws
        -> ChangedSince
    {
        var ids: Set<DocumentID> = []
        for try await event in database.changes(ChangesOptions(since: sequence)) {
            guard case .row(let row) = event else { continue }
            ids.insert(DocumentID(row.id))
            guard ids.count <= limit else { return ChangedSince(ids: ids, isTooMany: true) }
        }
        return ChangedSince(ids: ids, isTooMany: false)
    }

    /// Whether a difference may be gone once the backup has caught up.
    ///
    /// What only the target has does not go away by that, nor does other content of one revision.
    func mayExplain(_ difference: Difference) -> Bool {
        difference.onlyInTarget.isEmpty && !difference.onlyInSource.isEmpty
            && (isTooMany || ids.contains(difference.id))
    }
}
