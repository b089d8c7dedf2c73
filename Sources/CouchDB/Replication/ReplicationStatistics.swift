/// The counters of one replication job, where the server tells them.
///
/// They belong to a job's session, and start again from the newest checkpoint (3.0 and later) or from zero. None of
/// them proves that a copy is complete.
public struct ReplicationStatistics: Sendable, Hashable {
    /// Revisions looked at.
    public var revisionsChecked: Int?
    /// Revisions that the target lacked.
    public var missingRevisionsFound: Int?
    /// Documents fetched.
    public var documentsRead: Int?
    /// Documents that the target took.
    public var documentsWritten: Int?
    /// Documents that the target refused; the job goes past them and never tries them again.
    public var documentWriteFailures: Int?
    /// Changes not yet looked at; nil means unknown, never zero.
    public var changesPending: Int?
    /// The source position that both sides have recorded.
    public var checkpointedSourceSequence: UpdateSequence?
    /// The highest source position that is done.
    public var sourceSequence: UpdateSequence?
    /// The source position up to which all is done.
    public var throughSequence: UpdateSequence?

    /// Makes counters of which nothing is known.
    public init() {}

    /// Reads the members that `_active_tasks`, `_scheduler` and `_replication_stats` share; nil where none is present.
    public init?(answer: JSONValue?) {
        guard let answer, case .object(let members) = answer,
            members["revisions_checked"] != nil || members["docs_written"] != nil
        else { return nil }
        self.init()
        revisionsChecked = members["revisions_checked"]?.integer
        missingRevisionsFound = members["missing_revisions_found"]?.integer
        documentsRead = members["docs_read"]?.integer
        documentsWritten = members["docs_written"]?.integer
        documentWriteFailures = members["doc_write_failures"]?.integer
        changesPending = members["changes_pending"]?.integer
        checkpointedSourceSequence = members["checkpointed_source_seq"].map(UpdateSequence.init)
        sourceSequence = members["source_seq"].map(UpdateSequence.init)
        throughSequence = members["through_seq"].map(UpdateSequence.init)
    }
}
