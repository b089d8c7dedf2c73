import CouchDB
import Replication

/// What a document was at the moment, and what it is in the target.
struct DocumentLook {
    let id: DocumentID
    /// Its leaf revisions at the moment, the winner first.
    let wanted: [Revision]
    /// Those in the target, the winner first.
    let found: [Revision]
    /// Revisions of the moment whose content the vault has no more.
    let lost: [Refusal]
    /// The moment's winner, also where it is lost.
    let winner: RevisionID?
    /// Revisions of the target that it does not hand out.
    let hidden: [Refusal]

    /// How a document becomes what it was.
    struct Way {
        /// New edits, and revisions as they were.
        var edits: [Revision] = []
        /// What can't be read and would have to be known, or why no edit can be made; then there is none.
        var obstacles: [Refusal] = []

        /// Whether it is what it was.
        var isAtEnd: Bool { edits.isEmpty && obstacles.isEmpty }
    }

    /// How it becomes what it was; no other document has to wait where it can't.
    func way(isExact: Bool) -> Way {
        let unread = unread(isExact: isExact)
        guard unread.isEmpty else { return Way(obstacles: unread) }
        do {
            return Way(edits: try BringBack(wanted: wanted, found: found, isExact: isExact).edits())
        } catch {
            let known = error as? CouchError
            return Way(obstacles: [
                Refusal(
                    id: id, revision: winner, stage: .storing, error: (known?.code ?? .invalidInput).rawValue,
                    reason: known?.message ?? "\(error)")
            ])
        }
    }

    private func unread(isExact: Bool) -> [Refusal] {
        // Only an exact restore needs more than the winner, and what the target's own winner was.
        let needed = lost.filter { isExact || $0.revision == winner || $0.revision == found.first?.revision }
        // What has nothing to bring back stays as it is.
        guard isExact || wanted.first?.isDeleted == false else { return needed }
        return needed
            + hidden.map { refusal in
                var refusal = refusal
                refusal.stage = .storing
                refusal.reason = "the target does not hand out what it has: \(refusal.reason)"
                return refusal
            }
    }
}
