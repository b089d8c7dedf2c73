import CouchDB

/// Copies all leaf revisions of one replica to another, exactly as they are.
///
/// Reading the feed, asking what the target lacks, fetching and storing overlap, with bounded buffers between them. What
/// can't be copied is set aside by name and reason, and the rest goes on. A run can be repeated at any time, after any
/// end: what the target has already is not copied again.
package struct Replicator: Sendable {
    package let source: any Replica
    package let target: any Replica
    package let options: ReplicationOptions
    /// How far the run is: the newest state, told after each step; ends with the run. For one reader.
    package let progress: AsyncStream<ReplicationProgress>

    private let continuation: AsyncStream<ReplicationProgress>.Continuation
    private let clock: RunClock

    /// Prepares one run.
    package init(
        from source: any Replica, to target: any Replica, options: ReplicationOptions = ReplicationOptions(),
        clock: RunClock = .system
    ) {
        self.source = source
        self.target = target
        self.options = options
        self.clock = clock
        (progress, continuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Copies everything that has changed since the checkpoint.
    ///
    /// - Throws: ``ReplicationFailure`` where one side fails for good; ``LocalFileFailure``; `CancellationError` where the task is cancelled,
    ///   which is how a continuous run ends.
    package func run() async throws -> ReplicationReport {
        defer { continuation.finish() }
        let counts = ReplicationCounts()
        let origin = try await Side.source.naming(counts) { try await source.describe() }
        let destination = try await Side.target.naming(counts) { try await target.describe() }
        let resumption = try await resumption(sourceIdentity: origin.identity)
        let state = RunState(
            resumption, options: options, sourceIdentity: origin.identity,
            counted: resumption.sequence.isZero ? origin.allDocuments : nil, clock: clock, progress: continuation)
        let pipeline = pipeline(state, targetIsEmpty: destination.isEmpty && !options.isContinuous)
        return try await finish(state) {
            try await pipeline.run(feed: .changes(since: resumption.sequence, retrying: resumption.setAside))
        }
    }

    /// Copies exactly these revisions, as far as the target lacks them; no checkpoint is read or recorded.
    ///
    /// - Throws: as ``run()``.
    package func copy(_ documents: [DocumentLeaves]) async throws -> ReplicationReport {
        defer { continuation.finish() }
        var options = options
        options.checkpointID = nil
        let resumption = Resumption(target: nil, witness: .unknown, identity: nil)
        let state = RunState(
            resumption, options: options, sourceIdentity: nil, clock: clock, progress: continuation)
        return try await finish(state) {
            try await pipeline(state, targetIsEmpty: false).run(feed: .list(documents))
        }
    }

    private func pipeline(_ state: RunState, targetIsEmpty: Bool) -> Pipeline {
        Pipeline(
            source: source, target: target, options: options, targetIsEmpty: targetIsEmpty, state: state, clock: clock)
    }

    private func finish(_ state: RunState, _ body: () async throws -> Void) async throws -> ReplicationReport {
        do {
            try await body()
        } catch var failure as ReplicationFailure {
            failure.counts = state.counts
            throw failure
        }
        return state.report
    }

    private func resumption(sourceIdentity: String?) async throws -> Resumption {
        guard let id = options.checkpointID else {
            return Resumption(target: nil, witness: .unknown, identity: sourceIdentity)
        }
        let counts = ReplicationCounts()
        let checkpoint = try await Side.target.naming(counts) { try await target.checkpoint(id) }
        let copy = try await Side.source.naming(counts) { try await witness(id) }
        return Resumption(target: checkpoint, witness: copy, identity: sourceIdentity)
    }

    private func witness(_ id: String) async throws -> Resumption.Witness {
        guard options.leavesWitness else { return .unknown }
        do {
            return try await source.checkpoint(id).map { .found($0) } ?? .absent
        } catch let error as CouchError where error.isRefusal {
            // An account that may read documents alone, or a proxy that lets nobody at them; then there never was a copy either.
            return .unknown
        }
    }

    private typealias Side = ReplicationFailure.Side
}

extension ReplicationFailure.Side {
    /// Runs a call of this side's replica, and says of its failure whose it was.
    ///
    /// - Throws: `ReplicationFailure`; ``LocalFileFailure`` where no side is to blame; `CancellationError`.
    package func naming<Result: Sendable>(
        _ counts: ReplicationCounts = ReplicationCounts(), _ call: () async throws -> Result
    ) async throws -> Result {
        do {
            return try await call()
        } catch let error as ReplicationFailure {
            throw error
        } catch {
            try Task.checkCancellation()
            if let local = LocalFileFailure(error) { throw local }
            throw ReplicationFailure(side: self, underlying: error, counts: counts)
        }
    }
}
