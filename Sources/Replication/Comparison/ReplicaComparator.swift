import CouchDB
import Foundation
import SystemPackage

/// Compares the leaf revisions of all documents of two replicas, tombstones too, in both directions.
///
/// Both feeds are read at the same time into partitions on disk, which are then joined exactly, one after another: memory
/// stays the same whatever the size of the databases. A document that seems to differ is looked up again on both sides
/// before it is told, since the source may be written to meanwhile.
package struct ReplicaComparator: Sendable {
    /// Where the comparison is.
    package struct Progress: Sendable, Hashable {
        /// Rows of both feeds that were read.
        package var rows = 0
        /// Documents that both descriptions told of at the start.
        package var expected = 0
        /// Documents that were compared.
        package var compared = 0
        /// Why nothing moves now; nil while something does.
        package var wait: ReplicaWait?
    }

    /// How a comparison has ended.
    package struct Report: Sendable, Hashable {
        package var counts = ComparisonCounts()
        /// The position of the source's feed up to which it speaks.
        package var sequence = UpdateSequence.zero
        /// Up to where the target's feed was read.
        package var targetSequence = UpdateSequence.zero
        /// Rows that were read from both feeds.
        package var rows = 0
        /// Whether the planted differences were found; nil where none was planted.
        package var passedSelfTest: Bool?
        /// Whether what the target lacks was still arriving at the last looks, so that it isn't known what will stay away.
        package var isFilling = false
    }

    package let source: any ComparableReplica
    package let target: any ComparableReplica
    /// Where the partitions are kept while it runs.
    package var folder = FilePath(NSTemporaryDirectory())
    /// Which documents are compared; all where nil.
    package var selection: (@Sendable (DocumentLeaves) -> Bool)?
    /// Where both feeds are read from: what lies before is known to be equal.
    package var known: (source: UpdateSequence, target: UpdateSequence)?
    /// How many documents there are about; both sides are asked where nil.
    package var expected: Int?
    /// Where the target's feed ended when the comparison began, for the question whether it is being filled.
    package var targetStart: UpdateSequence?
    /// How long to wait before each further look at a document that seems to differ.
    package var looks: [Duration] = []
    /// How many more looks there may be, with the last pause, as long as each finds that something has arrived.
    package var furtherLooks = 0
    /// How often and with what pauses calls are made again that failed in a way that may pass.
    package var options = ReplicationOptions()
    package var onProgress: @Sendable (Progress) -> Void = { _ in }
    /// A folder that outlives the run, with what an earlier one has read; a temporary one where nil.
    package var kept: KeptComparison?
    /// Whether differences are planted into the files, never into a database, that have to be found.
    package var selfTests = false
    /// Finds the candidates of one partition; another one in a test that the self-test can fail.
    var join: @Sendable ([UInt8], [UInt8]) throws -> PartitionJoin.Result = {
        try PartitionJoin.join(source: $0, target: $1)
    }
    var clock = RunClock.system

    package init(_ source: any ComparableReplica, _ target: any ComparableReplica) {
        (self.source, self.target) = (source, target)
    }

    /// Compares, and hands out each difference as soon as it is sure.
    ///
    /// - Throws: ``ReplicationFailure`` where one side fails; `CancellationError`.
    package func run(difference: (Difference) async throws -> Void) async throws -> Report {
        let expected = try await expectedDocuments()
        if let kept { return try await run(in: kept.folder, kept, expected: expected, difference: difference) }
        let folder = try await ComparisonFolder.make(in: folder)
        do {
            let report = try await run(in: folder.path, nil, expected: expected, difference: difference)
            try await folder.remove()
            return report
        } catch {
            try await folder.remove()
            throw error
        }
    }

    private func expectedDocuments() async throws -> Int {
        if let expected { return expected }
        let sides = try await ReplicaDescriptions.ask(source, target)
        return max(sides.source.allDocuments, sides.target.allDocuments)
    }

    private func run(
        in folder: FilePath, _ kept: KeptComparison?, expected: Int,
        difference: (Difference) async throws -> Void
    ) async throws -> Report {
        let start =
            kept?.state
            ?? ComparisonState(
                hash: .random(), partitions: ComparisonFolder.partitions(for: expected), expected: expected,
                planted: selfTests ? SpoolSelfTest() : nil)
        let (partitions, planted) = (start.partitions, start.planted)
        let meter = ProgressMeter(expected: start.expected * 2, rows: start.rows, report: onProgress)
        let recorder = kept.map { ComparisonRecorder(start, save: $0.save) }
        let interval = kept?.interval ?? .zero
        var fromSource = try await LeafSpool.open(
            in: folder, name: "source", hash: start.hash, partitions: partitions,
            state: start.source ?? .empty(partitions, from: known?.source))
        var fromTarget = try await LeafSpool.open(
            in: folder, name: "target", hash: start.hash, partitions: partitions,
            state: start.target ?? .empty(partitions, from: known?.target))
        if let planted, start.source == nil { try await fromSource.add(planted.source) }
        if let planted, start.target == nil { try await fromTarget.add(planted.target) }
        async let left = fill(fromSource, from: source, .source, meter, recorder, interval)
        async let right = fill(fromTarget, from: target, .target, meter, recorder, interval)
        let (sourceSpool, targetSpool) = try await (left, right)
        var found: Set<PartitionJoin.Candidate> = []
        var report = Report(
            sequence: sourceSpool.state.sequence, targetSequence: targetSpool.state.sequence,
            rows: sourceSpool.state.rows + targetSpool.state.rows)
        var open: [DocumentID] = []
        let looking = lookingAgain { meter.wait($0) }
        var settled: [DifferenceLooks.Settled] = []
        func settle(_ ids: [DocumentID]) async throws {
            guard !ids.isEmpty else { return }
            let (found, how) = try await looking.settle(ids, targetStart: targetStart)
            meter.move()
            settled.append(how)
            report.counts.equal += ids.count - found.count
            for item in found {
                report.counts.count(item)
                try await difference(item)
            }
        }
        for index in 0..<partitions {
            try Task.checkCancellation()
            var result = try join(try await sourceSpool.partition(index), try await targetSpool.partition(index))
            planted?.remove(from: &result.candidates, found: &found)
            report.counts.equal += result.equal
            meter.compared(result.equal + result.candidates.count)
            open += result.candidates.map(\.id)
            // So many that they are told before the others are known, rather than held in memory.
            if open.count >= Self.heldTogether { try await settle(open.removingAll()) }
        }
        try await settle(open)
        report.isFilling = DifferenceLooks.Settled.isFilling(settled)
        if let planted {
            report.rows -= planted.source.count + planted.target.count
            report.passedSelfTest = planted.isPassed(found)
        }
        return report
    }

    private func fill(
        _ spool: LeafSpool, from replica: any ComparableReplica, _ side: ReplicationFailure.Side,
        _ meter: ProgressMeter, _ recorder: ComparisonRecorder?, _ interval: Duration
    ) async throws -> LeafSpool {
        var spool = spool
        let began = ContinuousClock.now
        var last = began
        let selection = selection
        let feed = LeafFeed(side: side, replica: replica, options: options, clock: clock) { meter.wait($0) }
        let end = try await feed.read(since: spool.state.sequence) { documents, position in
            try await spool.add(selection.map { documents.filter($0) } ?? documents)
            meter.read(documents.count)
            guard let recorder, let position, ContinuousClock.now - last >= interval else { return }
            try await recorder.note(try await spool.checkpoint(at: position), of: side)
            last = .now
        }
        // What took less than an interval is sooner read again than made durable.
        guard let recorder, ContinuousClock.now - began >= interval else {
            _ = try await spool.finish(at: end)
            return spool
        }
        try await recorder.note(try await spool.checkpoint(at: end), of: side)
        return spool
    }

    private static let heldTogether = 20_000

    /// The differences of these documents as they are now.
    package func differences(of ids: [DocumentID]) async throws -> [Difference] {
        try await lookingAgain().differences(of: ids)
    }

    private func lookingAgain(_ onWait: @escaping @Sendable (ReplicaWait) -> Void = { _ in }) -> DifferenceLooks {
        DifferenceLooks(
            source, target, looks: looks, furtherLooks: furtherLooks, options: options, clock: clock, onWait: onWait)
    }
}

extension Array {
    /// Hands out all elements, and is empty then.
    fileprivate mutating func removingAll() -> [Element] {
        defer { removeAll() }
        return self
    }
}
