import CouchDB
import Foundation

@testable import Replication

/// A replica in memory with short pages, whose calls a test can make fail.
struct StoppingReplica: ComparableReplica, WrappingReplica {
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

    func missing(_ documents: [DocumentLeaves]) async throws -> [DocumentLeaves] {
        try onCall()
        return try await base.missing(documents)
    }
}
