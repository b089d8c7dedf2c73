import CouchDB

/// What a replication has done so far.
package struct ReplicationCounts: Sendable, Hashable {
    /// Documents that the feed listed.
    package var documentsRead = 0
    /// Revisions that the target lacked.
    package var revisionsMissing = 0
    /// Revisions that the source handed out.
    package var revisionsFetched = 0
    /// Revisions that the target took.
    package var revisionsStored = 0
    /// The bytes of those, with their attachments.
    package var bytesStored = 0
    /// Attachments of those.
    package var attachmentsStored = 0
    /// Revisions that were set aside.
    package var refused = 0
    /// Calls that failed and were repeated.
    package var failedCalls = 0
    /// Checkpoints that were recorded.
    package var checkpoints = 0

    package init() {}
}

/// How far a replication is.
package struct ReplicationProgress: Sendable, Hashable {
    package var counts: ReplicationCounts
    /// How many changes the source has behind what was read, where it can tell.
    package var pending: Int?
    /// How many documents the source had when the run began, of a run that reads all of them.
    package var counted: Int?
    /// The time since the run began.
    package var elapsed: Duration
    /// What the run waits for; nil while both sides answer.
    package var wait: ReplicaWait?

    /// How many documents there are to read in all; nil where nobody knows.
    ///
    /// A source that tells no `pending`, as 1.x, says nothing of what is behind a position: the numbers of its sequence count
    /// every change, and the feed lists a document once. More than were counted may come while they are read.
    package var documents: Int? {
        if let pending { return counts.documentsRead + pending }
        return counted.flatMap { $0 < counts.documentsRead ? nil : $0 }
    }

    /// Stored revisions a second, over the whole run.
    package var rate: Double { elapsed > .zero ? Double(counts.revisionsStored) / (elapsed / .seconds(1)) : 0 }
}

/// How a replication has ended.
package struct ReplicationReport: Sendable, Hashable {
    /// How many refusals are named at most; the others are counted.
    package static let namedRefusals = 1000

    package var counts: ReplicationCounts
    /// Where the run started, and why there.
    package var resumption: Resumption
    /// Up to where everything in the source's feed is in the target or was set aside.
    package var sequence: UpdateSequence
    /// The first revisions that were set aside, by name and reason; ``ReplicationCounts/refused`` counts all of them.
    package var refusals: [Refusal]
    /// The time that the run took.
    package var elapsed: Duration

    /// Whether something could not be copied, so that the target is no complete backup.
    package var isIncomplete: Bool { counts.refused > 0 }
}

/// Why a replication ended before its time.
package struct ReplicationFailure: Error, CustomStringConvertible {
    /// Whose fault it was.
    package enum Side: String, Sendable, Hashable, Codable {
        case source, target
    }

    package var side: Side
    package var underlying: any Error
    /// What was done until then.
    package var counts: ReplicationCounts

    package var description: String { "the \(side.rawValue) of the replication failed: \(underlying)" }

    /// The same where nothing was copied, and both sides were only compared.
    package var ofComparison: String {
        "the \(side == .source ? "source" : "backup") could not be read: \(underlying)"
    }
}
