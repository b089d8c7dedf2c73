import CouchDB
import Foundation

@testable import Replication

/// A replica in memory with short pages, whose calls a test can make fail.
struct StoppingReplica: ComparableReplica {
    let base: MemoryReplica
    var page = 20
    /// Called before each page and each other call that reads.
    var onCall: @Sendable () throws -> Void = {}

    /// No failure is repeated: it stands for the end of the program.
    struct Stopped: Error {}

    func readLeaves(
        since sequence: UpdateSequence, receive: ([DocumentLeaves], UpdateSequence?) async throws -> Void
    ) async throws -> UpdateSequence {
        var sequence = sequence
        while true {
            try onCall()
            let batch = try await base.changes(since: sequence, limit: page, patience: nil)
            sequence = batch.lastSequence
            try await receive(batch.documents, sequence)
            if batch.isAtEnd { return sequence }
        }
    }

    func leaves(of ids: [DocumentID]) async throws -> [DocumentLeaves] {
        try onCall()
        return try await base.leaves(of: ids)
    }

    func documents(_ wanted: [DocumentLeaves], receive: (DocumentAnswer) async throws -> Void) async throws {
        try onCall()
        try await documentsOfRevisions(wanted, receive: receive)
    }

    func revisions(_ wanted: [DocumentLeaves], receive: (RevisionAnswer) async throws -> Void) async throws {
        try await base.revisions(wanted, receive: receive)
    }

    func describe() async throws -> ReplicaDescription { try await base.describe() }
    func changes(since sequence: UpdateSequence, limit: Int, patience: Duration?) async throws -> ChangeBatch {
        try await base.changes(since: sequence, limit: limit, patience: patience)
    }
    func missing(_ documents: [DocumentLeaves]) async throws -> [DocumentLeaves] {
        try onCall()
        return try await base.missing(documents)
    }
    func store(_ revisions: [Revision], checkpoint: Checkpoint?) async throws -> StoreResult {
        try await base.store(revisions, checkpoint: checkpoint)
    }
    func checkpoint(_ id: String) async throws -> Checkpoint? { try await base.checkpoint(id) }
    func record(_ checkpoint: Checkpoint) async throws { try await base.record(checkpoint) }
}
