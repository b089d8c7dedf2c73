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
    package var onProgress: @Sendable (BodyProgress) -> Void = { _ in }
    /// The bytes of documents that one task holds of one side.
    var budget = 4 << 20
    var clock = RunClock.system

    package init(_ source: any ComparableReplica, _ target: any ComparableReplica, share: BodyShare = .all) {
        (self.source, self.target, self.share) = (source, target, share)
        options = ReplicationOptions()
        options.batchSize = 500
    }

    /// Compares, and hands out each difference as soon as it is sure, one for each document.
    ///
    /// - Throws: ``ReplicationFailure`` where one side fails; `CancellationError`.
    package func run(difference: (Difference) async throws -> Void) async throws -> BodyReport {
        let from = try await ReplicationFailure.Side.source.naming { try await source.describe() }
        let tally = BodyTally(expected: from.documentCount + from.deletedCount, report: onProgress)
        let work = BoundedQueue<DocumentLeaves>(capacity: options.batchSize * 8)
        let found = BoundedQueue<Difference>(capacity: 100)
        let worker = BodyWorker(
            source: RevisionReader(.source, source, options: options, clock: clock),
            target: RevisionReader(.target, target, options: options, clock: clock),
            work: work, found: found, tally: tally, batchSize: options.batchSize, budget: budget)
        let tasks = max(2, source.concurrentFetches, target.concurrentFetches)
        // The feed may list a document twice; it is told once. As large as what differs.
        var told: Set<DocumentID> = []
        return try await withThrowingTaskGroup { group in
            group.addTask {
                // Whatever ends one stage ends the next ones, and the group throws its error.
                defer { work.finish() }
                try await readFeed(into: work, tally)
            }
            group.addTask {
                defer { found.finish() }
                try await Self.several(tasks) { try await worker.run() }
            }
            while true {
                let items = try await found.receive(count: 100)
                guard !items.isEmpty else { break }
                for item in items where told.insert(item.id).inserted {
                    tally.differs(item)
                    try await difference(item)
                }
            }
            while try await group.next() != nil {}
            return tally.report
        }
    }

    private func readFeed(into work: BoundedQueue<DocumentLeaves>, _ tally: BodyTally) async throws {
        let end = try await ReplicationFailure.Side.source.naming {
            try await source.readLeaves(since: .zero) { documents, _ in
                let chosen = documents.filter { !$0.id.text.isEmpty && share.contains($0.id) }
                tally.listed(documents.count, chosen: chosen.count)
                try await work.send(chosen) { max(1, $0.revisions.count) }
            }
        }
        tally.ended(at: end)
    }

    private static func several(_ count: Int, _ body: @escaping @Sendable () async throws -> Void) async throws {
        try await withThrowingTaskGroup { group in
            for _ in 0..<count { group.addTask { try await body() } }
            while try await group.next() != nil {}
        }
    }
}
