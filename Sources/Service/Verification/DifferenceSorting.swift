import CouchDB
import Foundation
import Replication

/// Tells differences that are real from documents that are still on their way, as a comparison hands them out.
struct DifferenceSorting {
    let database: CouchDatabase
    /// The source's position up to which the backup was filled, where known.
    let filledTo: UpdateSequence?
    /// Where all differences go, when there are more than the state database keeps.
    let file: String
    private var counts = ComparisonCounts()
    private var named: [Difference] = []
    private var onTheirWay = 0
    private var changed: ChangedSince?
    private var written: DifferenceFile?

    init(database: CouchDatabase, filledTo: UpdateSequence?, file: String) {
        (self.database, self.filledTo, self.file) = (database, filledTo, file)
    }

    /// Takes a difference.
    ///
    /// - Throws: `ReplicationFailure` where the source can't be asked what has changed; `CocoaError` of the file.
    mutating func take(_ difference: Difference) async throws {
        if changed == nil, let filledTo {
            // Now, and not before the comparison: what it has read was changed by now.
            changed = try await ReplicationFailure.Side.source.naming {
                try await ChangedSince.read(database, since: filledTo)
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
        record.doubt = result.doubt
        record.bodies = result.bodies.map { VerificationRecord.Bodies($0, share: result.share) }
        record.onTheirWay = onTheirWay
        (record.since, record.basis) = (result.since, result.basis)
        guard result.level != .counts else {
            record.counts = VerificationRecord.Counts(result.counts)
            (record.verdict, record.reason) = (result.verdict, result.reason)
            return PairVerifier.Outcome(record: record)
        }
        var counts = counts
        counts.equal = result.counts.equal
        record.counts = VerificationRecord.Counts(counts)
        if onTheirWay > 0, let filledTo { record.sequence = filledTo.parameter }
        (record.verdict, record.reason) = verdict(of: result, counts)
        return PairVerifier.Outcome(record: record, differences: named)
    }

    private func verdict(
        of result: Verification.Result, _ counts: ComparisonCounts
    ) -> (Verification.Verdict, reason: String?) {
        // Nothing is known of what a comparison has found that failed its own test.
        if onTheirWay == 0 || result.doubt == .selfTestFailed {
            let isKnownHole = result.doubt == .backupBehind && filledTo != nil && counts.different > 0
            return isKnownHole ? (.different, nil) : (result.verdict, result.reason)
        }
        if counts.different > 0 { return (.different, nil) }
        if changed?.isTooMany == true {
            return (
                .unknown,
                "the backup is too far behind: more than \(ChangedSince.limit) documents have changed at the source since"
            )
        }
        if let bodies = result.bodies, bodies.unreadable > 0 {
            return (.unknown, "\(bodies.unreadable) revisions could not be read")
        }
        return (.equal, nil)
    }
}
