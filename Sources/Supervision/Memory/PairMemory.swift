import CouchDB
import Foundation

/// What Couchkeep remembers of a pair between passes.
package struct PairMemory: Sendable, Hashable, Codable {
    /// Counts of one side at the end of a pass.
    package struct Counts: Sendable, Hashable, Codable {
        package var documents: Int
        package var deleted: Int
        package var purgeSequence: UpdateSequence?
        package var updateNumber: Int?
        /// Copies of each shard; with one copy the number in front of the sequence never goes back by itself.
        package var copies: Int?

        package init(_ info: DatabaseInfo) {
            documents = info.documentCount
            deleted = info.deletedCount
            purgeSequence = info.purgeSequence
            updateNumber = info.updateSequence.displayNumber
            copies = info.n
        }

        /// Documents and tombstones: a number that only a purge or a rollback makes smaller.
        package var total: Int { documents + deleted }

        /// Whether both tell the same numbers, whichever copies have answered.
        func isSame(as other: Counts) -> Bool {
            documents == other.documents && deleted == other.deleted && updateNumber == other.updateNumber
                && purgeSequence?.displayNumber == other.purgeSequence?.displayNumber
        }

        /// What shows that a database went back in time since this was noted; nil where nothing does.
        ///
        /// A purge makes the total smaller too, and is told apart by its sequence. On a cluster with several copies the
        /// number in front of the sequence depends on which copies answer, so it counts only where there is one.
        func regression(to now: Counts, of whose: String) -> Evidence? {
            let (before, purges) = (purgeSequence?.displayNumber, now.purgeSequence?.displayNumber)
            // Of the one file that a database is in 1.x it only grows.
            if copies == nil, now.copies == nil, let before, let purges, purges < before {
                return [
                    "shownBy": .string("the purge sequence of \(whose) went back"), "purgesBefore": .count(before),
                    "purgesNow": .count(purges),
                ]
            }
            // The rest of a purge sequence depends on which copies answer (fabric_db_info.erl).
            guard purges == before else { return nil }
            if now.total < total {
                return [
                    "shownBy": .string("\(whose) holds fewer documents than before, without a purge"),
                    "documentsBefore": .count(total), "documentsNow": .count(now.total),
                ]
            }
            if let before = updateNumber, let number = now.updateNumber, number < before, now.copies ?? 1 == 1 {
                return [
                    "shownBy": .string("the update sequence of \(whose) went back"),
                    "sequenceBefore": .count(before), "sequenceNow": .count(number),
                ]
            }
            return nil
        }
    }

    /// Counts of one side at a moment.
    package struct CountsMark: Sendable, Hashable, Codable {
        package var counts: Counts
        package var at: Date
    }

    /// A checkpoint as last read: its revision `0-N` counts up with every write.
    package struct Log: Sendable, Hashable, Codable {
        package var base: String
        package var counter: Int?
        package var sessionID: String
        package var sequence: UpdateSequence
    }

    /// What a side had changed last, with the number of its purges then: a purge takes changes away too.
    package struct NewestChanges: Sendable, Hashable, Codable {
        package var documents: [ChangedDocument]
        package var purges: Int?
        /// Which database it was (3.3 and later); another one of the same name has nothing of it.
        package var identity: String?
    }

    /// The source's position at a moment.
    package struct Sample: Sendable, Hashable, Codable {
        package var at: Date
        package var sequence: UpdateSequence
    }

    /// A finding that stays until something definite ends it.
    package struct Latch: Sendable, Hashable, Codable {
        package var since: Date
        package var severity = Finding.Severity.critical
        package var cause: String?
        package var summary: String
        package var evidence: [String: JSONValue]
    }

    /// A reading of the source from the beginning, which Couchkeep began.
    package struct Rescan: Sendable, Hashable, Codable {
        /// The rule that wanted it.
        package var reason: String
        /// When the checkpoints were removed.
        package var startedAt: Date
        /// Whether the checkpoints are gone and the job was written again; false after a kill in between.
        package var isPrepared: Bool
        /// When the target was seen to have everything that the source had when it began.
        package var completedAt: Date?
    }

    /// The pair itself, so that it is not forgotten when its source vanishes.
    package var source: DatabaseAddress?
    package var target: DatabaseAddress?
    package var firstSeen: Date?
    package var lastPass: Date?

    /// The nodes with copies of each side that were away when it was last seen.
    package var sourceNodesAway: NodesAway?
    package var targetNodesAway: NodesAway?

    /// Since when a side of a cluster seems to have gone back, or the counts to differ: believed when two passes agree.
    package var sourceSuspect: Date?
    package var targetSuspect: Date?
    package var countsSuspect: Date?

    /// What became of a target that Couchkeep was to make and has not yet given the source's `_security`.
    package enum Creation: String, Sendable, Hashable, Codable {
        /// It was asked for, and nobody heard the answer: an empty database that is there then is taken for it.
        case begun
        /// The server has made it.
        case made
    }
    package var creation: Creation?

    /// Which databases these are (3.3 and later).
    package var sourceIdentity: String?
    package var targetIdentity: String?
    package var sourceCounts: Counts?
    package var targetCounts: Counts?
    /// The source's counts up to an hour ago, the older first: what is deleted slowly is compared with them. nil for none, as in
    /// what older versions remember.
    package var sourceMarks: [CountsMark]?
    /// When the target was first seen to exist; from then on its absence is a loss.
    package var targetSeen: Date?
    package var sourceSeen: Date?

    /// What verifications and drills found before was of a backup that was lost, replaced or put back since.
    package var evidenceFrom: Date?
    /// What verifications found before was of a source that was replaced or put back since.
    package var sourceEvidenceFrom: Date?

    /// What each side had changed last at the last inspection.
    package var sourceChanges: NewestChanges?
    package var targetChanges: NewestChanges?

    /// How many documents the target had less than the source when nothing was pending and both checkpoints last agreed.
    package var missingBefore: Int?

    package var replicationBase: String?
    package var sourceLog: Log?
    package var targetLog: Log?

    /// Each side's checkpoint, where it was still the older one as its roll-back was over: it says nothing of another one
    /// before it has moved.
    package var settledSourceLog: Log?
    package var settledTargetLog: Log?

    package var checkpoint: UpdateSequence?
    package var checkpointChanged: Date?
    /// The counters that grow while a job works, to tell slow from stuck.
    package var activity: Int?
    package var activityChanged: Date?
    /// The source's sequence when nothing was pending: while it stays, nothing is.
    package var idleAt: UpdateSequence?
    /// Since when changes have been waiting without a break.
    package var pendingSince: Date?
    package var samples: [Sample] = []
    /// When the source was last seen at a position that the target has reached.
    package var coveredUntil: Date?
    /// Whether the target ever had everything.
    package var wasComplete = false

    /// The largest number of refused documents since the last complete reading.
    package var refused = 0
    /// How many of them were settled before that number last grew: CouchDB's counters go on counting.
    package var refusedBefore: Int?
    /// The target's validation functions when that number last grew.
    package var refusedValidators: [String: String]?
    /// When that number last grew.
    package var refusedAt: Date?
    /// How many had been refused when a comparison found everything in the target all the same.
    package var settledRefusals: Int?
    /// How many of those the job's counter still shows; it begins anew with each session.
    package var settledInSession: Int?
    /// When the job's session began in which they were settled, by the server's clock; nil where it does not tell.
    package var settledSession: Date?

    package var state: String?
    package var stateSince: Date?
    /// Since when the job has been crashing without a success in between.
    package var crashingSince: Date?
    package var documentFirstSeen: Date?
    /// Since when something could not be observed.
    package var blindSince: Date?

    package var latches: [String: Latch] = [:]
    package var rescan: Rescan?
    package var repairs = RepairLedger()
    package var findingsSince: [String: Date] = [:]
    package var lightSince: Date?
    package var light: String?
    package var lastInspection: Date?

    package init() {}

    /// Since when a rule's finding has been there without a break.
    package func since(_ rule: String) -> Date? { latches[rule]?.since ?? findingsSince[rule] }

    /// Lets a finding stay as if its rule had found it, where something else than a pass has shown it.
    package mutating func latch(_ finding: Finding) {
        latches[finding.rule] = Latch(
            since: finding.since, severity: finding.severity, cause: finding.cause, summary: finding.summary,
            evidence: finding.evidence)
        takeBackEvidence([finding], now: finding.since)
    }

    /// Whether a comparison that began after the last refusal has found everything in the target.
    func areRefusalsProved(by proof: ComparisonProof) -> Bool {
        guard refused > 0, let moment = refusedAt ?? since(WritesRefused.name) else { return false }
        return proof.proves(since: moment)
    }

    /// Takes the source as it is now for the right one, at the user's word, where an earlier pass has told that it is not.
    ///
    /// - Returns: the rule that had told it; nil where none had.
    @discardableResult
    package mutating func acceptSource() -> String? {
        let told = [SourceReplaced.name, SourceRolledBack.name].first { since($0) != nil }
        guard told != nil else { return nil }
        sourceIdentity = nil
        sourceCounts = nil
        sourceMarks = nil
        sourceChanges = nil
        (settledSourceLog, sourceLog) = (sourceLog, nil)
        latches[SourceRolledBack.name] = nil
        return told
    }

    /// Whether the target ever had everything, where it has what the source had until a moment.
    ///
    /// A source that is never quiet when somebody looks has been copied all the same.
    func wasComplete(until moment: Date?) -> Bool {
        let start = rescan.map { $0.isPrepared ? $0.startedAt : .distantFuture } ?? firstSeen
        guard !wasComplete, let moment, let start else { return wasComplete }
        return moment > start
    }

    /// Whether a rescan is on its way.
    package var isRescanning: Bool { rescan.map { $0.completedAt == nil } ?? false }
}

extension ReplicationLog {
    /// N of the local document's revision `0-N`.
    package var counter: Int? { revision?.split(separator: "-").last.flatMap { Int($0) } }
}
