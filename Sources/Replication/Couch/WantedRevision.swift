import CouchDB

/// One revision that a server is asked for.
struct WantedRevision: Sendable, Hashable {
    var id: DocumentID
    var revision: RevisionID

    var request: RevisionRequest { RevisionRequest(id: id.text, revision: revision) }

    /// Whether the revision answers this: it is the one that was asked for, or, with `latest=true`, comes after it.
    func isAnswered(by other: Revision) -> Bool {
        id == other.id && (other.revision == revision || other.path.revisions.contains(revision))
    }

    func given(_ revisions: [Revision]) -> RevisionAnswer {
        RevisionAnswer(id: id, revision: revision, outcome: .given(revisions))
    }

    func unavailable(error: String, reason: String?) -> RevisionAnswer {
        RevisionAnswer(
            id: id, revision: revision,
            outcome: .unavailable(
                Refusal(
                    id: id, revision: revision, stage: .fetching, error: error,
                    reason: reason ?? "the source gives no reason")))
    }
}
