import CouchDB
import Replication

/// A replica in memory of which some documents are damaged, and that tells who waits for it.
struct WatchedReplica: ServableReplica {
    let replica: MemoryReplica
    var damaged: Set<DocumentID> = []
    /// Whether it can't tell the leaves of a document.
    var isBroken = false
    /// Is told that somebody begins to wait, and that he does no longer. Nothing changes then, however long he waits.
    var waits: AsyncStream<Bool>.Continuation?
    /// Counts the readings of documents and leaves.
    var reads: ReadCount?

    func changeRows(since: UpdateSequence, limit: Int, patience: Duration?) async throws -> ChangeRows {
        guard patience != nil, let waits else {
            return try await replica.changeRows(since: since, limit: limit, patience: patience)
        }
        waits.yield(true)
        defer { waits.yield(false) }
        let (never, source) = AsyncStream.makeStream(of: Void.self)
        for await _ in never {}
        source.finish()
        throw CancellationError()
    }

    func changeRows(of ids: Set<DocumentID>, since: UpdateSequence, limit: Int) async throws -> ChangeRows {
        try await replica.changeRows(of: ids, since: since, limit: limit)
    }

    func pendingChanges(since: UpdateSequence) async throws -> Int {
        try await replica.pendingChanges(since: since)
    }

    func revisions(
        _ wanted: [DocumentLeaves], receive: (RevisionAnswer) async throws -> Void
    ) async throws {
        reads?.add()
        try await replica.revisions(wanted) { answer in
            guard damaged.contains(answer.id), case .given = answer.outcome else { return try await receive(answer) }
            let refusal = Refusal(
                id: answer.id, revision: answer.revision, stage: .fetching, error: "damaged", reason: "it is broken")
            try await receive(
                RevisionAnswer(id: answer.id, revision: answer.revision, outcome: .unavailable(refusal)))
        }
    }

    /// What a replica on a broken disk throws.
    struct Broken: Error {}

    func leaves(of id: DocumentID) async throws -> [Leaf] {
        reads?.add()
        if isBroken { throw Broken() }
        return try await replica.leaves(of: id)
    }
    func leaves(ofEach ids: [DocumentID]) async throws -> [[Leaf]] {
        reads?.add()
        if isBroken { throw Broken() }
        return try await replica.leaves(ofEach: ids)
    }
    func documents(from start: DocumentID?, descending: Bool, limit: Int) async throws -> [DocumentWinner] {
        try await replica.documents(from: start, descending: descending, limit: limit)
    }
    func describe() async throws -> ReplicaDescription { try await replica.describe() }
    func changes(since: UpdateSequence, limit: Int, patience: Duration?) async throws -> ChangeBatch {
        try await replica.changes(since: since, limit: limit, patience: patience)
    }
    func missing(_ documents: [DocumentLeaves]) async throws -> [DocumentLeaves] {
        try await replica.missing(documents)
    }
    func store(_ revisions: [Revision], checkpoint: Checkpoint?) async throws -> StoreResult {
        try await replica.store(revisions, checkpoint: checkpoint)
    }
    func checkpoint(_ id: String) async throws -> Checkpoint? { try await replica.checkpoint(id) }
    func record(_ checkpoint: Checkpoint) async throws { try await replica.record(checkpoint) }
}
