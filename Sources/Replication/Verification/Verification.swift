import CouchDB
import Foundation
import SystemPackage

/// One verification of a backup: a comparison of two replicas, of which the source may be written to meanwhile, with a
/// verdict that can be unknown.
package struct Verification: Sendable {
    /// What is compared.
    package enum Level: String, Sendable, Hashable, Codable, CaseIterable {
        /// Numbers of documents, `_security` and design documents; equal ones prove nothing.
        case counts
        /// Every leaf revision of every document, tombstones too.
        case revisions
        /// The content of those too.
        case bodies
    }

    package enum Verdict: String, Sendable, Hashable, Codable {
        case equal, different, unknown
    }

    /// Where a verification is.
    package struct Progress: Sendable, Hashable {
        /// What is being compared now: a verification of bodies compares the revisions first.
        package var level: Level
        package var rows: Int
        package var expected: Int
        /// The bytes of documents that were compared.
        package var bytes = 0
        package var elapsed: Duration
        /// Why nothing moves now; nil while something does.
        package var wait: ReplicaWait?
    }

    /// How many differences a result names; all of them are handed out one by one.
    package static let namedDifferences = 10_000
    /// How many of them are explained.
    package static let explainedDifferences = 100

    let source: any ComparableReplica
    let target: any ComparableReplica
    /// The pauses before further looks at what seems to differ: what is on its way has so much time to arrive.
    package var looks: [Duration] = [
        .milliseconds(500), .seconds(1), .seconds(2), .seconds(4), .seconds(8), .seconds(15),
    ]
    /// How many more looks there may be, with the last pause, as long as each finds that something has arrived.
    package var furtherLooks = 20
    /// Of which documents a verification of bodies compares the content.
    package var share = BodyShare.all
    /// Whether a verification of counts compares `_security`.
    package var comparesSecurity = true
    /// What was found equal before, so that at level `revisions` only what has changed since is compared; everything is where
    /// it can't be relied on any more.
    package var basis: VerificationBasis?
    /// Whether differences are planted, never into a database, that have to be found.
    package var selfTests = false
    /// An existing folder of this verification alone, where it writes down every few seconds how far it is; without one it
    /// can't be resumed. After the verdict the folder holds nothing that is needed any more.
    package var folder: FilePath?
    /// The time between two of those.
    package var checkpointInterval: Duration = .seconds(5)
    package var onProgress: @Sendable (Progress) -> Void = { _ in }
    /// Whether the first differences are explained, and what is known for that beyond both databases.
    package var explains = true
    package var context = ReplicationContext()
    /// What both said when they were asked just before; the run asks them itself where nil.
    package var descriptions: ReplicaDescriptions?
    /// How failed calls are repeated; as usual where nil.
    var options: ReplicationOptions?
    /// Finds candidates in another way, in a test that the self-test can fail.
    var join: (@Sendable ([UInt8], [UInt8]) throws -> PartitionJoin.Result)?
    let now: @Sendable () -> Date

    package init(
        _ source: any ComparableReplica, _ target: any ComparableReplica,
        now: @escaping @Sendable () -> Date = { Date() }
    ) {
        (self.source, self.target, self.now) = (source, target, now)
    }

    /// Compares, and hands out each difference as soon as it is sure.
    ///
    /// - Parameters:
    ///   - isResuming: whether an earlier run goes on whose state is in ``folder``. It goes on with its own level, share and
    ///     self-test, and hands out again what it had handed out.
    /// - Throws: ``ReplicationFailure`` where one side can't be read; ``VerificationStateError`` where there is nothing to
    ///   resume, or it speaks of other databases; `CancellationError`. It can be resumed after each but the second.
    package func run(
        level: Level = .revisions, resuming isResuming: Bool = false,
        difference: (Difference) async throws -> Void = { _ in }
    ) async throws -> Result {
        if level == .counts, !isResuming { return try await compareCounts(difference) }
        let run = try await VerificationRun.open(self, level: level, isResuming: isResuming)
        return try await run.run(difference)
    }

    private func compareCounts(
        _ difference: (Difference) async throws -> Void
    ) async throws -> Result {
        let began = ContinuousClock.now
        let at = now()
        let outcome = try await CountsComparison(
            source: source, target: target, comparesSecurity: comparesSecurity
        ).run()
        for item in outcome.differences { try await difference(item) }
        var result = Result(
            verdict: outcome.isEqual ? .equal : .different, level: .counts, sequence: outcome.sequence, at: at,
            counts: outcome.counts, differences: outcome.differences, elapsed: began.duration(to: .now))
        result.hasEqualSecurity = outcome.hasEqualSecurity
        result.hasEqualPartitioning = outcome.sides?.haveEqualPartitioning
        if let sides = outcome.sides { result.note(try await nodesAwayBehind(sides)) }
        return result
    }

    /// The nodes that are away behind the comparison: failed calls are repeated as those of the comparison are.
    func nodesAwayBehind(_ sides: ReplicaDescriptions) async throws -> AwayNodes? {
        try await AwayNodes.ask(source, target, sides, repeating: options ?? ReplicationOptions())
    }
}
