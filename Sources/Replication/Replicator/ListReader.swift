import CouchDB

/// Feeds a list of revisions into a run, in pieces.
struct ListReader: Sendable {
    private let pipeline: Pipeline
    private let sorter: WorkSorter

    init(_ pipeline: Pipeline, deferred: DeferredWork, queue: BoundedQueue<Work>) {
        self.pipeline = pipeline
        sorter = WorkSorter(pipeline, deferred: deferred, queue: queue)
    }

    func run(_ documents: [DocumentLeaves]) async throws {
        for start in stride(from: 0, to: documents.count, by: pipeline.options.pageSize) {
            let end = min(start + pipeline.options.pageSize, documents.count)
            let part = Array(documents[start..<end])
            let index = pipeline.state.beginPage(
                end: .zero, documents: part.count, pending: documents.count - end)
            try await sorter.sort(part, page: index)
        }
    }
}
