import CouchDB
import Foundation

/// Compares the content of the leaf revisions that two replicas have in common: level `bodies` of a verification.
///
/// The source's feed names the revisions; some tasks fetch the same ones from both sides at a time and compare them. Held
/// are a few megabytes of documents, whatever the size of the databases. Attachments are compared by what the documents say
/// of them; only where digests differ, which they may where a server compresses, are the decoded bytes. What seems to differ
/// is fetched again, whole, before it is told.
///
/// Whether both have the same leaf revisions is for ``ReplicaComparator`` to say. A revision that the target lacks is only
/// counted here.
package struct BodyComparator: Sendable {
    package let source: any ComparableReplica
    package let target: any ComparableReplica
    package let share: BodyShare
    /// How often and with what pauses failed calls are repeated, and how many revisions are fetched together.
    package var options: ReplicationOptions
    /// Takes each new state, and why nothing moves where that is so.
    package var onProgress: @Sendable (BodyProgress, ReplicaWait?) -> Void = { _, _ in }
    /// What an earlier run had reached; it goes on there.
    package var start: BodyReport?
    /// Takes what has been reached, from time to time; all that it speaks of was handed out before.
    package var onCheckpoint: (@Sendable (BodyReport) async throws -> Void)?
    package var checkpointInterval: Duration = .seconds(5)
    /// Whether a difference is planted in memory that has to be found.
    var selfTest: BodySelfTest?
    /// The bytes of documents that one task holds of one side.
    var budget = 4 << 20
    var clock = RunClock.system

    package init(_ source: any ComparableReplica, _ target: any ComparableReplica, share: BodyShare = .all) {
        (self.source, self.target, self.share) = (source, target, share)
        options = ReplicationOptions()
        options.batchSize = 500
    }

    /// Compares, and hands out each difference as soon as it is sure, one for each document, in the order of the feed.
    ///
    /// - Parameter told: documents whose difference was handed out before.
    /// - Throws: ``ReplicationFailure`` where one side fails; `CancellationError`.
    package func run(
        told: Set<DocumentID> = [], difference: (Difference) async throws -> Void
    ) async throws -> BodyReport {
        var report = start ?? BodyReport()
        if start == nil {
            let from = try await ReplicationFailure.Side.source.naming { try await source.describe() }
            report.progress.expected = from.allDocuments
        }
        let ledger = Monitor(BodyLedger(report.progress))
        let onWait: @Sendable (ReplicaWait) -> Void = { [onProgress] in
            onProgress(ledger.read { $0.progress }, $0)
        }
        let work = BoundedQueue<BodyWork>(capacity: options.batchSize * 8)
        let worker = BodyWorker(
            source: RevisionReader(.source, source, options: options, clock: clock, onWait: onWait),
            target: RevisionReader(.target, target, options: options, clock: clock, onWait: onWait),
            work: work, ledger: ledger, selfTest: selfTest, onProgress: { onProgress($0, nil) },
            batchSize: options.batchSize,
            budget: budget)
        let tasks = max(2, source.concurrentFetches, target.concurrentFetches)
        let sequence = report.sequence
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                // Whatever ends one stage ends the next ones, and the group throws its error.
                defer { work.finish() }
                try await readFeed(since: sequence, into: work, ledger, onWait)
            }
            group.addTask {
                defer { ledger.change { $0.close() } }
                try await several(tasks) { try await worker.run() }
            }
            // The feed may list a document twice; it is told once. As large as what differs.
            var told = told
            var last = ContinuousClock.now
            while let page = try await ledger.wait(for: { $0.take() }).first {
                report.add(page.report)
                report.sequence = page.end
                for item in page.differences where told.insert(item.id).inserted {
                    report.counts.count(item.kind)
                    try await difference(item)
                }
                if let onCheckpoint, ContinuousClock.now - last >= checkpointInterval {
                    try await onCheckpoint(report)
                    last = .now
                }
            }
            while try await group.next() != nil {}
            return report
        }
    }

    private func readFeed(
        since sequence: UpdateSequence, into work: BoundedQueue<BodyWork>, _ ledger: Monitor<BodyLedger>,
        _ onWait: @escaping @Sendable (ReplicaWait) -> Void
    ) async throws {
        // Rows of a page that were counted must not be counted again.
        let feed = LeafFeed(
            side: .source, replica: source, options: options, clock: clock, leavesOutRepeated: true, onWait: onWait)
        let end = try await feed.read(since: sequence) { documents, position in
            let chosen = documents.filter { !$0.id.text.isEmpty && share.contains($0.id) }
            let (page, progress) = ledger.change { ledger in
                ledger.listed(documents.count, chosen: chosen.count)
                return (ledger.current, ledger.progress)
            }
            onProgress(progress, nil)
            try await work.send(chosen.map { BodyWork(document: $0, page: page) }) {
                max(1, $0.document.revisions.count)
            }
            if let position { ledger.change { $0.turn(at: position) } }
        }
        ledger.change { $0.turn(at: end) }
    }
}
