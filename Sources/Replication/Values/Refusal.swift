import CouchDB

/// A revision that could not be copied, and why.
package struct Refusal: Sendable, Hashable, Codable {
    /// Where it failed.
    package enum Stage: String, Sendable, Hashable, Codable {
        /// The source does not hand it out.
        case fetching
        /// The target does not take it.
        case storing
    }

    package var id: DocumentID
    /// The revision; nil where the source's feed names none that can be asked for.
    package var revision: RevisionID?
    package var stage: Stage
    /// A word such as `forbidden` or `not_found`, the server's own where it has one.
    package var error: String
    /// The server's text, or Couchkeep's.
    package var reason: String

    package init(id: DocumentID, revision: RevisionID?, stage: Stage, error: String, reason: String) {
        self.id = id
        self.revision = revision
        self.stage = stage
        self.error = error
        self.reason = reason
    }

    /// The word for a revision that the target failed of, again and again, though it answered before and behind it.
    package static let notStored = "not_stored"
}

/// What became of revisions that were to be stored together.
package struct StoreResult: Sendable, Hashable {
    /// The revisions that were not taken; the others were.
    package var refusals: [Refusal]
    /// Whether the checkpoint that came with them was recorded; never where something was refused.
    package var didRecordCheckpoint: Bool

    package init(refusals: [Refusal] = [], didRecordCheckpoint: Bool = false) {
        self.refusals = refusals
        self.didRecordCheckpoint = didRecordCheckpoint
    }
}
