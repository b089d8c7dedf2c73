import CouchDB

/// What the caller knows of the replication that fills the target, beyond what both databases say.
package struct ReplicationContext: Sendable {
    /// What the target has refused before, as a repair or a replication has stored it.
    package var refusals: [Refusal]
    /// What the replication leaves out; nil where it copies everything, or nothing is known.
    package var part: ReplicationPart?
    /// The replication's id, by which both sides keep its checkpoint in `_local`.
    package var checkpointID: String?
    /// As whom the replication writes into the target; nil where that is not known.
    package var user: String?

    package init(
        refusals: [Refusal] = [], part: ReplicationPart? = nil, checkpointID: String? = nil, user: String? = nil
    ) {
        (self.refusals, self.part, self.checkpointID, self.user) = (refusals, part, checkpointID, user)
    }
}
