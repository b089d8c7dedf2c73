import CouchDB

/// Reads the source's feed page by page, one page ahead of what asks the target what it lacks.
struct ChangesReader: Sendable {
    private struct Page: Sendable {
        var index: Int
        var documents: [DocumentLeaves]
    }

    private let pipeline: Pipeline
    private let sorter: WorkSorter
    private let retrier: Retrier

    init(_ pipeline: Pipeline, deferred: DeferredWork, queue: BoundedQueue<Work>) {
        self.pipeline = pipeline
        sorter = WorkSorter(pipeline, deferred: deferred, queue: queue)
        retrier = pipeline.retrier(.source, parallelism: 1)
    }

    func run(since: UpdateSequence, retrying refusals: [Refusal]) async throws {
        try await sorter.retry(refusals, start: since)
        let pages = BoundedQueue<Page>(capacity: 2)
        try await withThrowingTaskGroup { group in
            group.addTask {
                try await read(since: since, into: pages)
                pages.finish()
            }
            group.addTask {
                while let page = try await pages.receive(count: 1).first {
                    try await sorter.sort(page.documents, page: page.index)
                }
            }
            while try await group.next() != nil {}
        }
    }

    private func read(since start: UpdateSequence, into pages: BoundedQueue<Page>) async throws {
        var sequence = start
        var isWaiting = false
        // The first pages are short, so that fetching begins early.
        var limit = min(pipeline.options.pageSize, Self.firstPage)
        while true {
            let (since, rows) = (sequence, limit)
            let patience = isWaiting ? pipeline.options.patience : nil
            let batch = try await retrier.call {
                let batch = try await pipeline.source.changes(
                    since: since, limit: rows, patience: patience)
                try Self.checkMovement(of: batch, since: since)
                return batch
            }
            let index = pipeline.state.beginPage(
                end: batch.lastSequence, documents: batch.documents.count, pending: batch.pending,
                unusable: batch.unusable)
            try await pages.send([Page(index: index, documents: batch.documents)]) { _ in 1 }
            (sequence, limit) = (batch.lastSequence, min(pipeline.options.pageSize, limit * Self.growth))
            isWaiting = batch.isAtEnd
            if batch.isAtEnd, !pipeline.options.isContinuous { return }
        }
    }

    private static let firstPage = 500
    private static let growth = 4

    /// A source that says that there is more, and doesn't move, would be read for ever.
    private static func checkMovement(of batch: ChangeBatch, since: UpdateSequence) throws {
        guard batch.isAtEnd || batch.lastSequence != since else {
            throw CouchError(
                .malformedAnswer,
                "the source's feed doesn't move beyond \(since), although it has more changes; ask its administrator "
                    + "whether the database was restored or its shards were moved")
        }
    }
}
