import CouchDB

/// Finds out which revisions of a page are to be copied, and queues them.
struct WorkSorter: Sendable {
    private let pipeline: Pipeline
    private let deferred: DeferredWork
    private let queue: BoundedQueue<Work>
    private let retrier: Retrier

    init(_ pipeline: Pipeline, deferred: DeferredWork, queue: BoundedQueue<Work>) {
        self.pipeline = pipeline
        self.deferred = deferred
        self.queue = queue
        retrier = pipeline.retrier(.target, parallelism: 1)
    }

    /// Asks the target what it lacks of these documents, and queues that.
    func sort(_ documents: [DocumentLeaves], page: Int) async throws {
        var documents = Self.withoutRepetitions(documents)
        if let selection = pipeline.options.selection { documents = documents.filter(selection) }
        if !pipeline.targetIsEmpty, !documents.isEmpty {
            let asked = documents
            documents = try await retrier.call { try await pipeline.target.missing(asked) }
        }
        if pipeline.options.fetchesByID { documents.sort { $0.id < $1.id } }
        let work = documents.flatMap { document in
            document.revisions.map { Work(page: page, id: document.id, revision: $0) }
        }
        pipeline.state.expect(work.count, in: page)
        if pipeline.options.storesDesignDocumentsLast {
            deferred.add(work.filter(\.id.isDesign))
            try await queue.send(work.filter { !$0.id.isDesign }) { _ in 1 }
        } else {
            try await queue.send(work) { _ in 1 }
        }
        try await Checkpointer(pipeline).recordIfDue()
    }

    /// Queues what an earlier run has set aside.
    func retry(_ refusals: [Refusal], start: UpdateSequence) async throws {
        // What has no revision can't be asked for; it stays set aside.
        let documents = refusals.compactMap { refusal in
            refusal.revision.map { DocumentLeaves(id: refusal.id, revisions: [$0]) }
        }
        guard !refusals.isEmpty else { return }
        let lasting = refusals.filter { $0.id.text.isEmpty || $0.revision == nil }
        let index = pipeline.state.beginPage(end: start, documents: 0, pending: nil, unusable: lasting)
        try await sort(known(documents.filter { !$0.id.text.isEmpty }), page: index)
    }

    /// Those that the source still has; what it has replaced or purged since is missing no more.
    private func known(_ documents: [DocumentLeaves]) async throws -> [DocumentLeaves] {
        let asked = Self.withoutRepetitions(documents)
        guard !asked.isEmpty else { return [] }
        let unknown = try await pipeline.retrier(.source, parallelism: 1).call {
            try await pipeline.source.missing(asked)
        }
        guard !unknown.isEmpty else { return asked }
        return DocumentLeaves.removing(try await proved(unknown), from: asked)
    }

    /// Those of the revisions that the source says not to know which it has no more indeed.
    ///
    /// Its word alone is no proof: where copies of a shard are away, those that answer are believed
    /// (`fabric_doc_missing_revs.erl`), and just then revisions can't be read either. So its feed has to list a later revision,
    /// or documents must have been purged at some time.
    private func proved(_ unknown: [DocumentLeaves]) async throws -> [DocumentLeaves] {
        let retrier = pipeline.retrier(.source, parallelism: 1)
        let description = try await retrier.call { try await pipeline.source.describe() }
        guard let purges = description.purges, let source = pipeline.source as? any ComparableReplica else {
            return unknown
        }
        let hasPurges = PurgeSequence.hasGrown(from: "0", to: purges)
        let ids = unknown.map(\.id)
        let listed = try await retrier.call { try await source.leaves(of: ids) }
        let leaves = Dictionary(listed.map { ($0.id, $0.revisions) }) { $1 }
        return unknown.compactMap { document in
            let current = leaves[document.id] ?? []
            let newest = current.map(\.generation).max() ?? 0
            let gone = document.revisions.filter { revision in
                !current.contains(revision) && (hasPurges || revision.generation < newest)
            }
            return gone.isEmpty ? nil : DocumentLeaves(id: document.id, revisions: gone)
        }
    }

    /// One entry a document; feeds may repeat rows, and a list may name a document twice.
    static func withoutRepetitions(_ documents: [DocumentLeaves]) -> [DocumentLeaves] {
        var places: [DocumentID: Int] = [:]
        places.reserveCapacity(documents.count)
        var result: [DocumentLeaves] = []
        result.reserveCapacity(documents.count)
        for document in documents {
            if let place = places[document.id] {
                for revision in document.revisions where !result[place].revisions.contains(revision) {
                    result[place].revisions.append(revision)
                }
            } else {
                places[document.id] = result.count
                result.append(document)
            }
        }
        return result
    }
}
