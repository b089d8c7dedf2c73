import CouchDB
import Replication

/// A revision of which the vault has not any more what it was given.
package struct DamagedRevision: Sendable, Hashable {
    /// What is not as it was stored.
    package enum Part: String, Sendable, Hashable {
        case document
        case attachment
    }

    package var id: DocumentID
    package var revision: RevisionID
    package var part: Part
}
