import CouchDB
import Foundation
import Replication

/// Tells differences that are real from documents that are still on their way, as a comparison hands them out.
struct DifferenceSorting {
    let database: CouchDatabase
    /// The source's position up to which the backup was filled, where known.
    let filledTo: UpdateSequence?
    /// When that was, where known.
    let filledAt: Date?
    /// Whether a rule says that something may be lost: then a position that the backup was filled to explains nothing.
    let isSuspected: Bool
    /// More changed documents than these are not told one by one.
    var limit = ChangedSince.limit
    /// Where all differences go, when there are more than the state database keeps.
    let file: String
    private var counts = ComparisonCounts()
    private var named: [Difference] = []
    private var onTheirWay = 0
    private var changed: ChangedSince?
    private var written: DifferenceFile?

    init(
        database: CouchDatabase, filledTo: UpdateSequence?, filledAt: Date? = nil, isSuspected: Bool = false,
        file: String
    ) {
        (self.database, self.filledTo, self.filledAt) = (database, filledTo, filledAt)
        (self.isSuspected, self.file) = (isSuspected, file)
    }

    /// Takes a difference.
    ///
    /// - Throws: `ReplicationFailure` where the source can't be asked what has changed; `CocoaError` of the file.
    mutating func take(_ difference: Difference) async throws {
        if changed == nil, let filledTo {
            // Now, and not before the comparison: what it has read was changed by now.
            changed = try await ReplicationFailure.Side.source.naming {
                try await ChangedSince.read(database, since: filledTo, limit: limit)
            }
        }
        if let changed, changed.mayExplain(difference) {
            onTheirWay += 1
            return
        }
        counts.count(difference.kind)
        if named.count < Verification.namedDifferences { named.append(difference) }
        if counts.different == StoredVerifications.keptDifferences + 1 {
            let made = try DifferenceFile(path: file)
            for earlier in named.dropLast() { try made.append(VerificationDifference(earlier)) }
            written = made
        }
        try written?.append(VerificationDifference(difference))
    }

    /// The outcome of the comparison.
    func outcome(
        of result: Verification.Result, _ record: VerificationRecord, endedAt: Date
    ) throws -> PairVerifier.Outcome {
        try written?.close()
        var record = record
        (record.state, record.endedAt) = (.ended, endedAt)
        record.seconds = result.elapsed.seconds
        (record.sequence, record.asOf) = (result.sequence.parameter, result.at)
        record.file = written?.path
        record.passedSelfTest = result.passedSelfTest
        record.bodies = result.bodies.map { VerificationRecord.Bodies($0, share: result.share) }
        record.onTheirWay = onTheirWay
        (record.since, record.basis) = (result.since, result.basis)
        guard result.level != .counts else {
            record.counts = VerificationRecord.Counts(result.counts)
            (record.verdict, record.doubt, record.reason) = (result.verdict, result.doubt, result.reason)
            return PairVerifier.Outcome(record: record)
        }
        var counts = counts
        counts.equal = result.counts.equal
        record.counts = VerificationRecord.Counts(counts)
        if onTheirWay > 0, let filledTo {
            record.sequence = filledTo.parameter
            // What is newer was not found, however late it was looked for.
            if let filledAt { record.asOf = min(filledAt, result.at) }
        }
        (record.verdict, record.doubt, record.reason) = verdict(of: result, counts)
        return PairVerifier.Outcome(record: record, differences: named)
    }

    private func verdict(
        of result: Verification.Result, _ counts: ComparisonCounts
    ) -> (Verification.Verdict, Verification.Doubt?, reason: String?) {
        // Nothing is known of what a comparison has found that failed its own test.
        guard result.doubt != .selfTestFailed else { return (result.verdict, result.doubt, result.reason) }
        // What only the backup has says nothing of what it lacks.
        if counts.different == counts.extra, let doubt = doubt(of: result) { return doubt }
        if onTheirWay == 0 {
            let isKnownHole = result.doubt == .backupBehind && filledTo != nil && counts.different > 0
            return isKnownHole ? (.different, nil, nil) : (result.verdict, result.doubt, result.reason)
        }
        return (counts.different > 0 ? .different : .equal, nil, nil)
    }

    /// Why it is not known whether the backup has everything.
    private func doubt(of result: Verification.Result) -> (Verification.Verdict, Verification.Doubt?, reason: String?)?
    {
        if onTheirWay > 0, changed?.isTooMany == true {
            return (
                .unknown, .backupBehind,
                "the backup is too far behind: more than \(limit) documents have changed at the source since"
            )
        }
        if onTheirWay > 0, isSuspected {
            return (
                .unknown, .backupBehind,
                "the backup is behind: \(onTheirWay) documents that it lacks may be lost, or on their way; "
                    + "verify again when the replication has caught up"
            )
        }
        if let bodies = result.bodies, bodies.unreadable > 0 {
            return (.unknown, .contentUnreadable, result.reason ?? "\(bodies.unreadable) revisions could not be read")
        }
        return nil
    }
}
