import CouchDB

/// A replica that does some things in its own way, and leaves all others to the one below it.
package protocol WrappingReplica: Replica {
    associatedtype Base: Replica

    /// The replica that does what this one leaves to it.
    var base: Base { get }
}

extension WrappingReplica {
    package func describe() async throws -> ReplicaDescription { try await base.describe() }

    package func changes(since sequence: UpdateSequence, limit: Int, patience: Duration?) async throws -> ChangeBatch {
        try await base.changes(since: sequence, limit: limit, patience: patience)
    }

    package func missing(_ documents: [DocumentLeaves]) async throws -> [DocumentLeaves] {
        try await base.missing(documents)
    }

    package func revisions(
        _ wanted: [DocumentLeaves], receive: (RevisionAnswer) async throws -> Void
    ) async throws {
        try await base.revisions(wanted, receive: receive)
    }

    package func store(_ revisions: [Revision], checkpoint: Checkpoint?) async throws -> StoreResult {
        try await base.store(revisions, checkpoint: checkpoint)
    }

    package func checkpoint(_ id: String) async throws -> Checkpoint? { try await base.checkpoint(id) }

    package func record(_ checkpoint: Checkpoint) async throws { try await base.record(checkpoint) }

    package var concurrentStores: Int { base.concurrentStores }
    package var concurrentFetches: Int { base.concurrentFetches }
    package var storesCheckpointsWithData: Bool { base.storesCheckpointsWithData }
}
