import CouchDB
import Replication

/// What a document was at the moment, and what it is in the target.
struct DocumentLook {
    let id: DocumentID
    /// Its leaf revisions at the moment, the winner first.
    let wanted: [Revision]
    /// Those in the target, the winner first.
    let found: [Revision]
    /// What would have to be known of it, and can't be read.
    let unread: [Refusal]

    /// - Parameters:
    ///   - lost: revisions of the moment whose content the vault has no more.
    ///   - hidden: revisions of the target that it does not hand out.
    ///   - winner: of the moment, also where it is lost.
    init(
        id: DocumentID, wanted: [Revision], lost: [Refusal], winner: RevisionID?, found: [Revision], hidden: [Refusal],
        isExact: Bool
    ) {
        (self.id, self.wanted, self.found) = (id, wanted, found)
        // Only an exact restore needs more than the winner, and what the target's own winner was.
        let needed = lost.filter { isExact || $0.revision == winner || $0.revision == found.first?.revision }
        unread =
            needed
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
        guard unread.isEmpty else { return [] }
        return try BringBack(wanted: wanted, found: found, isExact: isExact).edits()
    }
}
