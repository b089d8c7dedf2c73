import CouchDB

/// Stores fetched revisions in the target.
struct Storer: Sendable {
    private let pipeline: Pipeline
    private let fetched: BoundedQueue<Fetched>
    private let retrier: Retrier

    init(_ pipeline: Pipeline, fetched: BoundedQueue<Fetched>) {
        self.pipeline = pipeline
        self.fetched = fetched
        retrier = pipeline.retrier(.target, parallelism: pipeline.target.concurrentStores)
    }

    /// Stores until nothing more is fetched; several tasks do this at a time.
    func run() async throws {
        let start = pipeline.clock.now()
        while true {
            let began = pipeline.clock.now()
            // A continuous run stores at once, since nobody knows when more will come. Any other waits as long as it has
            // run so far: a short one writes a few times, and the waits of a long one are not felt.
            let patience =
                pipeline.options.isContinuous
                ? .zero : min(pipeline.options.storePatience, start.duration(to: began))
            let batch = try await fetched.receive(
                weight: pipeline.options.storeBytes, count: retrier.throttle.batch
            ) { began.duration(to: pipeline.clock.now()) >= patience }
            if batch.isEmpty { return }
            try await store(batch, attempts: 0)
            try await Checkpointer(pipeline).recordIfDue()
        }
    }

    /// - Parameter isSuspect: whether the target has failed of it though it answered before.
    private func store(_ batch: [Fetched], attempts: Int, isSuspect: Bool = false) async throws {
        let revisions = batch.flatMap(\.revisions)
        let checkpointer = Checkpointer(pipeline)
        let checkpoint = checkpointer.checkpoint(with: batch)
        do {
            let result = try await retrier.throttle.run(items: revisions.count) {
                try await pipeline.target.store(revisions, checkpoint: checkpoint)
            }
            pipeline.state.stored(batch, refusals: result.refusals)
            if let checkpoint { try await checkpointer.ended(checkpoint, recorded: result.didRecordCheckpoint) }
        } catch {
            if let checkpoint { try await checkpointer.ended(checkpoint, recorded: false) }
            switch try await retrier.decision(after: error, attempts: attempts + 1) {
            case .again:
                try await store(batch, attempts: attempts + 1)
            case .split where batch.count == 1 && !isSuspect:
                try await store(batch, attempts: attempts + 1, isSuspect: true)
            case .split(let reason) where batch.count == 1:
                try await retrier.giveUp(after: error)
                let refusals = revisions.map {
                    Refusal(id: $0.id, revision: $0.revision, stage: .storing, error: Refusal.notStored, reason: reason)
                }
                pipeline.state.stored(batch, refusals: refusals, isAnswered: false)
            case .split:
                let middle = batch.count / 2
                let attempts = pipeline.options.attemptsBeforeSplitting - 1
                try await store(Array(batch[..<middle]), attempts: attempts)
                try await store(Array(batch[middle...]), attempts: attempts)
            }
        }
    }
}
