import Foundation

/// The checkpoint that a replication keeps on both sides in `_local/{base id}`.
///
/// Written by `couch_replicator_scheduler_job.erl`, on the source first. With equal sessions on both sides a restart
/// takes the source's sequence, which is wrong when the target was rolled back.
public struct ReplicationLog: Sendable, Hashable {
    /// One session of the history, newest first; at most fifty.
    public struct Session: Sendable, Hashable {
        /// The session.
        public var id: String
        /// When it began, by the clock of the server that runs the job.
        public var startTime: Date?
        /// The source position from which it began.
        public var startSequence: UpdateSequence?
        /// When its newest checkpoint was written, by the clock of the server that runs the job.
        public var endTime: Date?
        /// The source position recorded then.
        public var recordedSequence: UpdateSequence?
        /// Documents that the target refused.
        public var documentWriteFailures: Int
    }

    /// The revision of the local document, `0-N`.
    public var revision: String?
    /// The session that wrote it last.
    public var sessionID: String
    /// The source position it stands for.
    public var sourceLastSequence: UpdateSequence
    /// The history, newest first.
    public var history: [Session]
    /// The document as read, for evidence and for writing it back.
    public var document: JSONValue

    /// Reads the local document; nil where it is not a replication's log.
    public init?(answer: JSONValue) {
        guard let session = answer["session_id"]?.string, let sequence = answer["source_last_seq"] else { return nil }
        revision = answer["_rev"]?.string
        sessionID = session
        sourceLastSequence = UpdateSequence(sequence)
        history = (answer["history"]?.array ?? []).compactMap { entry in
            guard let id = entry["session_id"]?.string else { return nil }
            return Session(
                id: id, startTime: entry["start_time"]?.string.flatMap(Date.init(checkpointHistory:)),
                startSequence: entry["start_last_seq"].map(UpdateSequence.init),
                endTime: entry["end_time"]?.string.flatMap(Date.init(checkpointHistory:)),
                recordedSequence: entry["recorded_seq"].map(UpdateSequence.init),
                documentWriteFailures: entry["doc_write_failures"]?.integer ?? 0)
        }
        document = answer
    }

    /// Whether all that this log speaks of was read from the beginning, and that began after a moment.
    public func beganFromZero(after moment: Date) -> Bool {
        guard let first = history.last, let start = first.startTime else { return false }
        return first.startSequence?.isZero == true && start > moment
    }

    /// The largest count of refused documents in any session that is still remembered.
    ///
    /// A new session starts from the newest entry's count (3.0 and later), so the counts are not added up.
    public var largestWriteFailures: Int { history.map(\.documentWriteFailures).max() ?? 0 }
}
