import CouchDB
import Foundation
import Synchronization

@testable import Replication

/// A replica of which only the leaves are known, with a feed that lists whatever a test wants.
struct ListedReplica: ComparableReplica {
    /// What a look at single documents finds.
    var documents: [DocumentID: [RevisionID]] = [:]
    /// The rows of the feed; each document once where nil.
    var feed: [DocumentLeaves]?
    /// Called before each page of the feed.
    var onPage: @Sendable () async throws -> Void = {}
    /// Called before each look at single documents.
    var onLook: @Sendable ([DocumentID]) async throws -> Void = { _ in }
    var page = 50

    init(_ documents: [DocumentID: [RevisionID]] = [:]) { self.documents = documents }

    private var rows: [DocumentLeaves] {
        feed ?? documents.map { DocumentLeaves(id: $0.key, revisions: $0.value) }
    }

    func describe() async throws -> ReplicaDescription {
        ReplicaDescription(
            name: "listed", updateSequence: UpdateSequence(.integer(Int64(rows.count))),
            documentCount: documents.count, deletedCount: 0)
    }

    func readLeaves(
        since sequence: UpdateSequence, receive: ([DocumentLeaves], UpdateSequence?) async throws -> Void
    ) async throws -> UpdateSequence {
        let rows = rows
        for start in stride(from: 0, to: rows.count, by: page) {
            try await onPage()
            try await receive(Array(rows[start..<min(start + page, rows.count)]), nil)
        }
        return UpdateSequence(.integer(Int64(rows.count)))
    }

    func leaves(of ids: [DocumentID]) async throws -> [DocumentLeaves] {
        try await onLook(ids)
        return ids.compactMap { id in documents[id].map { DocumentLeaves(id: id, revisions: $0) } }
    }

    // A comparison asks for nothing else.
    struct NotAsked: Error {}

    func changes(since sequence: UpdateSequence, limit: Int, patience: Duration?) async throws -> ChangeBatch {
        throw NotAsked()
    }
    func missing(_ documents: [DocumentLeaves]) async throws -> [DocumentLeaves] {
        documents.compactMap { document in
            let lacking = document.revisions.filter { !(self.documents[document.id] ?? []).contains($0) }
            return lacking.isEmpty ? nil : DocumentLeaves(id: document.id, revisions: lacking)
        }
    }
    func revisions(_ wanted: [DocumentLeaves], receive: (RevisionAnswer) async throws -> Void) async throws {
        throw NotAsked()
    }
    func store(_ revisions: [Revision], checkpoint: Checkpoint?) async throws -> StoreResult { throw NotAsked() }
    func checkpoint(_ id: String) async throws -> Checkpoint? { throw NotAsked() }
    func record(_ checkpoint: Checkpoint) async throws { throw NotAsked() }
}

extension RevisionID {
    /// A revision with a hash of few digits, filled up.
    static func test(_ generation: Int, _ hash: Int) -> RevisionID {
        let digits = String(hash, radix: 16)
        return RevisionID(generation: generation, hash: String(repeating: "0", count: 32 - digits.count) + digits)
    }
}
