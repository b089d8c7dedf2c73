import CouchDB

/// What a replica answers for one revision that it was asked for.
package struct RevisionAnswer: Sendable {
    package enum Outcome: Sendable {
        /// The revision; or, where it is no leaf any more, the leaf revisions that come after it. Never empty.
        case given([Revision])
        /// The replica does not hand it out.
        case unavailable(Refusal)
    }

    package var id: DocumentID
    /// The revision that was asked for.
    package var revision: RevisionID
    package var outcome: Outcome

    package init(id: DocumentID, revision: RevisionID, outcome: Outcome) {
        self.id = id
        self.revision = revision
        self.outcome = outcome
    }
}
