import CouchDB
import Foundation

@testable import Replication

/// A replica in memory whose content a test takes away, or whose calls it makes fail.
struct ScriptedContent: ComparableReplica, WrappingReplica {
    var base: MemoryReplica
    /// Called before each call that reads content or leaves.
    var onCall: @Sendable ([DocumentLeaves]) throws -> Void = { _ in }
    /// Documents that are listed and not handed out.
    var withheld: Set<DocumentID> = []
    /// Documents that are no leaves any more when they are looked up.
    var overtaken: Set<DocumentID> = []
    /// How often the feed lists everything.
    var repetitions = 1

    var concurrentFetches: Int { 3 }

    func documents(_ wanted: [DocumentLeaves], receive: (DocumentAnswer) async throws -> Void) async throws {
        try await documentsOfRevisions(wanted, receive: receive)
    }

    func revisions(_ wanted: [DocumentLeaves], receive: (RevisionAnswer) async throws -> Void) async throws {
        try onCall(wanted)
        try await base.revisions(wanted) { answer in
            let isGiven = !withheld.contains(answer.id) && !overtaken.contains(answer.id)
            let item = WantedRevision(id: answer.id, revision: answer.revision)
            try await receive(isGiven ? answer : item.unavailable(error: "not_found", reason: "missing"))
        }
    }

    func readLeaves(
        since sequence: UpdateSequence, receive: ([DocumentLeaves], UpdateSequence?) async throws -> Void
    ) async throws -> UpdateSequence {
        for _ in 1..<repetitions { _ = try await base.readLeaves(since: sequence, receive: receive) }
        return try await base.readLeaves(since: sequence, receive: receive)
    }

    func leaves(of ids: [DocumentID]) async throws -> [DocumentLeaves] {
        try onCall([])
        return try await base.leaves(of: ids).filter { !overtaken.contains($0.id) }
    }
}
