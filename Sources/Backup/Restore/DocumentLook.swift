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

    /// What would have to be known of it, and can't be read.
    func unread(isExact: Bool) -> [Refusal] {
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

    /// The new edits that make it what it was; none where not all is known.
    ///
    /// - Throws: `CouchError` where a document is no JSON.
    func edits(isExact: Bool) throws -> [Revision] {
        guard unread(isExact: isExact).isEmpty else { return [] }
        return try BringBack(wanted: wanted, found: found, isExact: isExact).edits()
    }
}
