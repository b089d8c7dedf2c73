import CouchDB
import Foundation
import Synchronization

/// What the tasks of one run share: the ledger of pages, the counts, and the turn to record a checkpoint.
final class RunState: Sendable {
    private struct Storage {
        var ledger: PageLedger
        var counts = ReplicationCounts()
        var pending: Int?
        var refusals: [Refusal] = []
        var lastCheckpoint: (sequence: UpdateSequence, setAside: [Refusal], time: ContinuousClock.Instant)
        var isRecording = false
        var number: Int
        var sourceTakesCopies: Bool
        var sourceHasCopy: Bool
        var isCopyCurrent: Bool
        var lastCopy: ContinuousClock.Instant?
        /// How many revisions in a row each side has failed of.
        var gaveUp: [ReplicationFailure.Side: Int] = [:]
        var waits: [ReplicationFailure.Side: ReplicaWait] = [:]
    }

    let resumption: Resumption
    private let options: ReplicationOptions
    private let session: String
    private let sourceIdentity: String?
    private let counted: Int?
    private let clock: RunClock
    private let start: ContinuousClock.Instant
    private let progress: AsyncStream<ReplicationProgress>.Continuation
    private let storage: Mutex<Storage>

    /// - Parameter counted: how many documents there are to read, where that is known before.
    init(
        _ resumption: Resumption, options: ReplicationOptions, sourceIdentity: String?, counted: Int? = nil,
        clock: RunClock, progress: AsyncStream<ReplicationProgress>.Continuation
    ) {
        self.resumption = resumption
        self.options = options
        self.sourceIdentity = sourceIdentity
        self.counted = counted
        self.clock = clock
        self.progress = progress
        start = clock.now()
        session = resumption.previous?.session ?? UUID().uuidString
        storage = Mutex(
            Storage(
                ledger: PageLedger(from: resumption.sequence, setAsideLimit: options.setAsideLimit),
                lastCheckpoint: (resumption.sequence, resumption.setAside, start),
                number: resumption.previous?.number ?? 0, sourceTakesCopies: options.leavesWitness,
                sourceHasCopy: resumption.previous?.isWitnessed ?? false,
                isCopyCurrent: resumption.isCopyCurrent))
    }

    func beginPage(end: UpdateSequence, documents: Int, pending: Int?, unusable: [Refusal] = []) -> Int {
        change { storage in
            storage.counts.documentsRead += documents
            storage.pending = pending
            Self.note(unusable, in: &storage)
            return storage.ledger.begin(end: end, unusable: unusable)
        }
    }

    func expect(_ count: Int, in page: Int) {
        change { storage in
            storage.counts.revisionsMissing += count
            storage.ledger.expect(count, in: page)
        }
    }

    func fetched(_ count: Int) {
        change { storage in
            storage.counts.revisionsFetched += count
            storage.gaveUp[.source] = 0
            storage.waits[.source] = nil
        }
    }

    /// Counts a revision that a side fails of, and returns how many there were since it last took or gave one.
    func gaveUp(_ side: ReplicationFailure.Side) -> Int {
        change { storage in
            storage.gaveUp[side, default: 0] += 1
            return storage.gaveUp[side] ?? 0
        }
    }

    func callFailed() { change { $0.counts.failedCalls += 1 } }

    /// Notes that a side is waited for, until it answers.
    func waits(for side: ReplicationFailure.Side, _ wait: ReplicaWait) { change { $0.waits[side] = wait } }

    /// Notes that a side that was waited for has answered.
    func answered(_ side: ReplicationFailure.Side) { change { $0.waits[side] = nil } }

    /// Notes revisions that can't be fetched.
    func setAside(_ items: [(page: Int, refusal: Refusal)]) {
        change { storage in
            Self.note(items.map(\.refusal), in: &storage)
            storage.ledger.settle(Self.counts(items.map(\.page)), refusals: items)
        }
    }

    /// Notes revisions that are durable now, but for those that were refused.
    ///
    /// - Parameter isAnswered: whether the target has said so; false where it only fails of them.
    func stored(_ items: [Fetched], refusals: [Refusal], isAnswered: Bool = true) {
        let refusalsByID = Dictionary(grouping: refusals, by: \.id)
        var refused: [(page: Int, refusal: Refusal)] = []
        for item in items where !refusalsByID.isEmpty {
            for revision in item.revisions {
                for refusal in refusalsByID[revision.id] ?? [] where refusal.revision == revision.revision {
                    // The first page alone carries it: once it is named in a checkpoint, no page need hold it back.
                    refused += item.works.prefix(1).map { ($0.page, refusal) }
                }
            }
        }
        var (revisions, bytes, attachments) = (0, 0, 0)
        for item in items {
            for revision in item.revisions
            where !(refusalsByID[revision.id] ?? []).contains(where: { $0.revision == revision.revision }) {
                revisions += 1
                bytes += revision.totalSize
                attachments += revision.attachments.count
            }
        }
        let pages = Self.counts(items)
        change { [revisions, bytes, attachments] storage in
            if isAnswered { (storage.gaveUp[.target], storage.waits[.target]) = (0, nil) }
            storage.counts.revisionsStored += revisions
            storage.counts.bytesStored += bytes
            storage.counts.attachmentsStored += attachments
            Self.note(refused.map(\.refusal), in: &storage)
            storage.ledger.settle(pages, refusals: refused)
        }
    }

    var isIdle: Bool { storage.withLock { $0.ledger.isIdle } }
    var counts: ReplicationCounts { storage.withLock { $0.counts } }

    var report: ReplicationReport {
        storage.withLock {
            ReplicationReport(
                counts: $0.counts, resumption: resumption, sequence: $0.ledger.mark, refusals: $0.refusals,
                elapsed: start.duration(to: clock.now()))
        }
    }

    /// The checkpoint that may be recorded together with these revisions, or by itself where there are none; nil where
    /// it is not time for one, or where another one is just being recorded. It is to be ended by ``ended(_:recorded:)``.
    func checkpoint(with items: [Fetched] = [], isFree: Bool = false, isLast: Bool = false) -> Checkpoint? {
        guard let id = options.checkpointID else { return nil }
        let now = clock.now()
        return storage.withLock { storage in
            guard !storage.isRecording else { return nil }
            let (mark, setAside) = storage.ledger.markAfter(Self.counts(items))
            let last = storage.lastCheckpoint
            let isNews =
                setAside != last.setAside || storage.number == 0
                || (storage.sourceTakesCopies && !storage.isCopyCurrent)
            guard mark != last.sequence || (isLast && isNews) else { return nil }
            let isDue = last.time.duration(to: now) >= options.checkpointInterval
            guard isFree || isLast || isDue || (options.isContinuous && storage.ledger.isIdle) else { return nil }
            storage.isRecording = true
            return Checkpoint(
                id: id, sequence: mark, sourceIdentity: sourceIdentity, session: session, number: storage.number + 1,
                time: Date(), isWitnessed: storage.sourceHasCopy, setAside: setAside)
        }
    }

    func ended(_ checkpoint: Checkpoint, recorded: Bool, didCopy: Bool) {
        let now = clock.now()
        change { storage in
            storage.isRecording = false
            guard recorded else { return }
            storage.number = checkpoint.number
            storage.isCopyCurrent = didCopy
            storage.lastCheckpoint = (checkpoint.sequence, checkpoint.setAside, now)
            storage.counts.checkpoints += 1
        }
    }

    /// Whether the source's copy is old enough to be renewed, or there is none.
    var isTimeForCopy: Bool {
        let now = clock.now()
        return storage.withLock { storage in
            guard storage.sourceTakesCopies else { return false }
            guard storage.sourceHasCopy, let last = storage.lastCopy else { return true }
            return last.duration(to: now) >= options.checkpointInterval
        }
    }

    /// Whether the source is asked to keep copies.
    var sourceTakesCopies: Bool { storage.withLock { $0.sourceTakesCopies } }

    func sourceCopied(_ didCopy: Bool) {
        let now = clock.now()
        change { storage in
            storage.sourceHasCopy = didCopy || storage.sourceHasCopy
            storage.sourceTakesCopies = didCopy
            storage.lastCopy = now
        }
    }

    private func change<Result: Sendable>(_ body: (inout Storage) -> Result) -> Result {
        let (result, event) = storage.withLock { storage in
            let result = body(&storage)
            return (
                result,
                ReplicationProgress(
                    counts: storage.counts, pending: storage.pending, counted: counted,
                    elapsed: start.duration(to: clock.now()),
                    wait: storage.waits[.target] ?? storage.waits[.source])
            )
        }
        progress.yield(event)
        return result
    }

    private static func note(_ refusals: [Refusal], in storage: inout Storage) {
        storage.counts.refused += refusals.count
        storage.refusals += refusals.prefix(max(0, ReplicationReport.namedRefusals - storage.refusals.count))
    }

    private static func counts(_ items: [Fetched]) -> [Int: Int] {
        var counts: [Int: Int] = [:]
        for item in items { for work in item.works { counts[work.page, default: 0] += 1 } }
        return counts
    }

    private static func counts(_ pages: [Int]) -> [Int: Int] {
        pages.reduce(into: [:]) { $0[$1, default: 0] += 1 }
    }
}
