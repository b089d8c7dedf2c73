import CouchDB
import Foundation
import Replication

/// Decides what has to be written into a database that goes on living, so that a document is again what it was.
///
/// Replication alone brings nothing back: a revision that has a successor stays behind it, and a tombstone wins over what
/// it deleted. So what is wanted is written once more, as a new edit on top of what is there.
struct BringBack {
    /// What the document was: its leaf revisions, the winner first; empty where there was none.
    let wanted: [Revision]
    /// What it is, the winner first; empty where there is none.
    let found: [Revision]
    /// Whether what came later goes away: documents, and revisions that conflict.
    let isExact: Bool

    /// The new edits; none where the document is what it was.
    ///
    /// - Throws: `CouchError` where a document can't be read.
    func edits() throws -> [Revision] {
        var edits: [Revision] = []
        let kept = Set(wanted.lazy.filter { !$0.isDeleted }.map(\.revision))
        if let winner = wanted.first, !winner.isDeleted, let current = found.first {
            if current.revision != winner.revision,
                try current.isDeleted || DocumentContent(current) != DocumentContent(winner)
            {
                edits.append(try winner.onTop(of: current))
            }
            guard isExact else { return edits }
            // The winner's own revision too, where its content now stands elsewhere: it would be a conflict with itself.
            for leaf in found.dropFirst() where !leaf.isDeleted {
                if !kept.contains(leaf.revision) || leaf.revision == winner.revision {
                    edits.append(try leaf.tombstone())
                }
            }
            return edits
        }
        guard isExact else { return [] }
        return try found.filter { !$0.isDeleted }.map { try $0.tombstone() }
    }
}
