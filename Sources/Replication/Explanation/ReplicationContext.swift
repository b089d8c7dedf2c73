import CouchDB

/// What the caller knows of the replication that fills the target, beyond what both databases say.
package struct ReplicationContext: Sendable {
    /// What the target has refused before, as a repair or a replication has stored it.
    package var refusals: [Refusal]
    /// Whether the replication copies a document; nil where it has no filter, or one that only the server can run.
    package var copies: (@Sendable (DocumentID) -> Bool)?
    /// The replication's id, by which both sides keep its checkpoint in `_local`.
    package var checkpointID: String?

    package init(
        refusals: [Refusal] = [], copies: (@Sendable (DocumentID) -> Bool)? = nil, checkpointID: String? = nil
    ) {
        (self.refusals, self.copies, self.checkpointID) = (refusals, copies, checkpointID)
    }

    /// Reads which documents a replication document copies, as far as that can be known here: `doc_ids` alone.
    package init(replication document: JSONValue, refusals: [Refusal] = [], checkpointID: String? = nil) {
        self.init(refusals: refusals, checkpointID: checkpointID)
        guard let list = document["doc_ids"]?.array else { return }
        let ids = Set(list.compactMap { $0.string.map { DocumentID($0) } })
        copies = { ids.contains($0) }
    }
}
