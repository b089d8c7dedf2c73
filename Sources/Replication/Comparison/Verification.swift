import CouchDB
import Foundation

/// One verification of a backup: a comparison of two replicas, of which the source may be written to meanwhile, with a
/// verdict that can be unknown.
package struct Verification: Sendable {
    /// What is compared.
    package enum Level: String, Sendable, Hashable, Codable {
        /// Numbers of documents; equal ones prove nothing.
        case counts
        /// Every leaf revision of every document, tombstones too.
        case revisions
    }

    package enum Verdict: String, Sendable, Hashable, Codable {
        case equal, different, unknown
    }

    /// How a verification has ended.
    package struct Result: Sendable {
        package var verdict: Verdict
        package var level: Level
        /// Why the verdict is unknown.
        package var reason: String?
        /// The source's position up to which the verdict speaks, and when that was.
        package var sequence: UpdateSequence
        package var at: Date
        package var counts: ComparisonCounts
        /// The first differences; ``ComparisonCounts/different`` counts all of them.
        package var differences: [Difference]
        package var elapsed: Duration
    }

    /// Where a verification is.
    package struct Progress: Sendable, Hashable {
        package var rows: Int
        package var expected: Int
        package var elapsed: Duration
    }

    /// How many differences a result names; all of them are handed out one by one.
    package static let namedDifferences = 10_000

    private let source: any ComparableReplica
    private let target: any ComparableReplica
    /// The pauses before further looks at what seems to differ: what is on its way has so much time to arrive.
    package var looks: [Duration] = [
        .milliseconds(500), .seconds(1), .seconds(2), .seconds(4), .seconds(8), .seconds(15),
    ]
    package var onProgress: @Sendable (Progress) -> Void = { _ in }
    private let now: @Sendable () -> Date

    package init(
        _ source: any ComparableReplica, _ target: any ComparableReplica,
        now: @escaping @Sendable () -> Date = { Date() }
    ) {
        (self.source, self.target, self.now) = (source, target, now)
    }

    /// Compares, and hands out each difference as soon as it is sure.
    ///
    /// - Throws: ``ReplicationFailure`` where one side can't be read; `CancellationError`.
    package func run(
        level: Level = .revisions, difference: (Difference) async throws -> Void = { _ in }
    ) async throws -> Result {
        switch level {
        case .counts: try await compareCounts()
        case .revisions: try await compareRevisions(difference)
        }
    }

    private func compareCounts() async throws -> Result {
        let began = ContinuousClock.now
        let at = now()
        let left = try await ReplicationFailure.Side.source.naming { try await source.describe() }
        let right = try await ReplicationFailure.Side.target.naming { try await target.describe() }
        var counts = ComparisonCounts()
        let documents = left.documentCount + left.deletedCount
        let missing = documents - right.documentCount - right.deletedCount
        counts.missing = max(0, missing)
        counts.extra = max(0, -missing)
        if missing == 0, left.documentCount != right.documentCount {
            counts.otherLeaves = abs(left.documentCount - right.documentCount)
        }
        counts.equal = documents - counts.missing - counts.otherLeaves
        return Result(
            verdict: counts.isEqual ? .equal : .different, level: .counts, reason: nil, sequence: left.updateSequence,
            at: at, counts: counts, differences: [], elapsed: began.duration(to: .now))
    }

    private func compareRevisions(_ difference: (Difference) async throws -> Void) async throws -> Result {
        let clock = ContinuousClock()
        let began = clock.now
        let at = now()
        var comparator = ReplicaComparator(source, target)
        comparator.looks = looks
        let report = onProgress
        comparator.onProgress = { state in
            report(
                Progress(rows: state.rows, expected: state.expected, elapsed: began.duration(to: clock.now)))
        }
        let before = try await ReplicationFailure.Side.target.naming { try await target.describe() }
        var named: [Difference] = []
        let result = try await comparator.run { found in
            if named.count < Self.namedDifferences { named.append(found) }
            try await difference(found)
        }
        var (verdict, reason): (Verdict, String?) = (result.counts.isEqual ? .equal : .different, nil)
        if verdict == .different, result.counts.extra + result.counts.bodyDiffers + result.counts.attachmentDiffers == 0
        {
            let after = try await ReplicationFailure.Side.target.naming { try await target.describe() }
            let isReceiving = before.updateSequence != after.updateSequence
            // Nothing but documents that the target lacks, and it is still being filled.
            if isReceiving {
                (verdict, reason) = (
                    .unknown,
                    "the backup is behind: it was still being written when \(result.counts.different) documents were "
                        + "missing; verify again when the replication has caught up"
                )
            }
        }
        return Result(
            verdict: verdict, level: .revisions, reason: reason, sequence: result.sequence, at: at,
            counts: result.counts, differences: named, elapsed: began.duration(to: clock.now))
    }
}
