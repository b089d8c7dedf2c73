import CouchDB
import Foundation

/// What a replica answers for the document of one revision.
package struct DocumentAnswer: Sendable {
    package enum Outcome: Sendable {
        /// The document as the replica has it; what it says of attachments is to be trusted, their bytes are not there.
        case given(Data)
        /// The replica has not this revision, or doesn't hand it out.
        case unavailable(Refusal)
    }

    package var id: DocumentID
    /// The revision that was asked for.
    package var revision: RevisionID
    package var outcome: Outcome

    package init(id: DocumentID, revision: RevisionID, outcome: Outcome) {
        (self.id, self.revision, self.outcome) = (id, revision, outcome)
    }
}
