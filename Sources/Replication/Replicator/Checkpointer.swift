import CouchDB

/// Records checkpoints: in the target first, then a copy in the source.
struct Checkpointer: Sendable {
    private let pipeline: Pipeline

    init(_ pipeline: Pipeline) { self.pipeline = pipeline }

    /// The checkpoint to store together with these revisions, where it is time for one or where it costs nothing.
    func checkpoint(with batch: [Fetched]) -> Checkpoint? {
        pipeline.state.checkpoint(with: batch, isFree: pipeline.target.storesCheckpointsWithData)
    }

    /// Records a checkpoint where it is time for one.
    func recordIfDue() async throws {
        if let checkpoint = pipeline.state.checkpoint() { try await record(checkpoint) }
    }

    /// Records the checkpoint at the end of a run, if anything has moved.
    func recordLast() async throws {
        if let checkpoint = pipeline.state.checkpoint(isLast: true) { try await record(checkpoint) }
    }

    /// Ends a checkpoint that was stored with data.
    func ended(_ checkpoint: Checkpoint, recorded: Bool) async throws {
        var didCopy = false
        defer { pipeline.state.ended(checkpoint, recorded: recorded, didCopy: didCopy) }
        if recorded, pipeline.state.isTimeForCopy { didCopy = try await copy(checkpoint) }
    }

    private func record(_ checkpoint: Checkpoint) async throws {
        var (recorded, didCopy) = (false, false)
        defer { pipeline.state.ended(checkpoint, recorded: recorded, didCopy: didCopy) }
        try await pipeline.retrier(.target, parallelism: 1).call { try await pipeline.target.record(checkpoint) }
        recorded = true
        didCopy = try await copy(checkpoint)
    }

    /// Leaves a copy in the source, and tells whether it took it.
    private func copy(_ checkpoint: Checkpoint) async throws -> Bool {
        guard pipeline.state.sourceTakesCopies else { return false }
        do {
            let retrier = pipeline.retrier(.source, parallelism: 1)
            try await retrier.call { try await pipeline.source.record(checkpoint) }
            pipeline.state.sourceCopied(true)
            return true
        } catch let failure as ReplicationFailure {
            // An account or a proxy that only lets documents be read leaves no copy; the backup is as good without.
            guard let error = failure.underlying as? CouchError, error.isRefusal else {
                throw failure
            }
            pipeline.state.sourceCopied(false)
            return false
        }
    }
}

extension Pipeline {
    func retrier(_ side: ReplicationFailure.Side, parallelism: Int) -> Retrier {
        Retrier(
            side, side == .source ? source : target, options: options, parallelism: parallelism, clock: clock,
            state: state)
    }
}
