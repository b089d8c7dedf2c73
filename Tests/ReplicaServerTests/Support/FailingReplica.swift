import CouchDB
import Foundation
import Replication
import Synchronization
import Testing

/// A replica of ten documents of some size that fails to hand out all but the first few.
final class FailingReplica: ServableReplica {
    private let replica = MemoryReplica()
    private let failsAfter: Int
    private let handed = Mutex(0)
    private let filling = String(repeating: "x", count: 20_000)
    /// A body for `_bulk_get` that asks for all documents.
    let request: String

    struct Failure: Error {}

    init(failsAfter: Int) {
        self.failsAfter = failsAfter
        request = #"{"docs":[\#((0..<10).map { #"{"id":"d\#($0)","rev":"1-a"}"# }.joined(separator: ","))]}"#
    }

    func changeRows(since: UpdateSequence, limit: Int, patience: Duration?) async throws -> ChangeRows {
        let revision = try #require(RevisionID("1-a"))
        let rows = (0..<10).map { ChangeRow(sequence: .zero, id: "d\($0)", revisions: [revision]) }
        return ChangeRows(rows: rows, lastSequence: UpdateSequence(10), isAtEnd: true)
    }

    func changeRows(of ids: Set<DocumentID>, since: UpdateSequence, limit: Int) async throws -> ChangeRows {
        throw Failure()
    }

    func pendingChanges(since: UpdateSequence) async throws -> Int { 0 }

    func revisions(
        _ wanted: [DocumentLeaves], receive: (RevisionAnswer) async throws -> Void
    ) async throws {
        for document in wanted {
            for revision in document.revisions {
                let count = handed.withLock { count in
                    count += 1
                    return count
                }
                guard count <= failsAfter else { throw Failure() }
                let text =
                    #"{"_id":"\#(document.id)","_rev":"1-a","_revisions":{"start":1,"ids":["a"]},"x":"\#(filling)"}"#
                try await receive(
                    RevisionAnswer(
                        id: document.id, revision: revision,
                        outcome: .given([try Revision(document: Data(text.utf8))])))
            }
        }
    }

    func leaves(of id: DocumentID) async throws -> [Leaf] { try await replica.leaves(of: id) }
    func documents(from start: DocumentID?, descending: Bool, limit: Int) async throws -> [DocumentWinner] { [] }
    func describe() async throws -> ReplicaDescription { try await replica.describe() }
    func changes(since: UpdateSequence, limit: Int, patience: Duration?) async throws -> ChangeBatch {
        throw Failure()
    }
    func missing(_ documents: [DocumentLeaves]) async throws -> [DocumentLeaves] { documents }
    func store(_ revisions: [Revision], checkpoint: Checkpoint?) async throws -> StoreResult { throw Failure() }
    func checkpoint(_ id: String) async throws -> Checkpoint? { nil }
    func record(_ checkpoint: Checkpoint) async throws {}
}
