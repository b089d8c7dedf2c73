import CouchDB
import Foundation
import Replication

/// Sorts the differences of a pair as a comparison hands them out: names those that are real, and passes over those that are
/// on their way.
struct DifferenceSorting {
    /// What the source has changed behind the position up to which the backup was filled.
    private var later: LaterChanges
    /// When it was filled up to there, where known.
    private let filledAt: Date?
    /// Where all differences go, when there are more than the state database keeps.
    private let file: String
    private var count = 0
    private var named: [Difference] = []
    private var written: DifferenceFile?

    init(_ later: LaterChanges, filledAt: Date? = nil, file: String) {
        (self.later, self.filledAt, self.file) = (later, filledAt, file)
    }

    /// Takes a difference.
    ///
    /// - Throws: `ReplicationFailure` where the source can't be asked what has changed; `CocoaError` of the file.
    mutating func take(_ difference: Difference) async throws {
        guard try await !later.explain(difference) else { return }
        count += 1
        if named.count < Verification.namedDifferences { named.append(difference) }
        if count == StoredVerifications.keptDifferences + 1 {
            let made = try DifferenceFile(path: file)
            for earlier in named.dropLast() { try made.append(VerificationDifference(earlier)) }
            written = made
        }
        try written?.append(VerificationDifference(difference))
    }

    /// The outcome of the comparison.
    func outcome(
        of compared: Verification.Result, _ record: VerificationRecord, endedAt: Date
    ) throws -> PairVerifier.Outcome {
        try written?.close()
        let (result, onTheirWay) = later.corrected(compared)
        var record = record
        (record.state, record.endedAt) = (.ended, endedAt)
        record.seconds = result.elapsed.seconds
        (record.sequence, record.asOf) = (result.sequence.parameter, result.at)
        // What is newer was not found, however late it was looked for.
        if onTheirWay > 0, let filledAt { record.asOf = min(filledAt, result.at) }
        record.file = written?.path
        (record.passedSelfTest, record.hasEqualSecurity) = (result.passedSelfTest, result.hasEqualSecurity)
        record.hasEqualPartitioning = result.hasEqualPartitioning
        record.bodies = result.bodies.map { VerificationRecord.Bodies($0, share: result.share) }
        (record.counts, record.onTheirWay) = (result.counts, onTheirWay)
        (record.since, record.basis) = (result.since, result.basis)
        (record.verdict, record.doubt, record.reason) = (result.verdict, result.doubt, result.reason)
        return PairVerifier.Outcome(record: record, differences: named)
    }
}
