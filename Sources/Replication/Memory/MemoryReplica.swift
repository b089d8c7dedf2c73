import CouchDB
import Crypto
import Foundation
import Synchronization

/// A replica in memory: the reference model in tests.
///
/// It can do what a database can: edits, conflicts, deletions, purges, compaction.
package final class MemoryReplica: Replica {
    struct Document: Sendable {
        var tree = RevisionTree<Revision>()
        /// The position of its newest change.
        var sequence = 0
    }

    struct State: Sendable {
        var documents: [DocumentID: Document] = [:]
        /// All changes, oldest first; those that were overtaken by a later one of their document are passed over.
        var log: [(sequence: Int, id: DocumentID)] = []
        var sequence = 0
        var checkpoints: [String: Checkpoint] = [:]
        var purges = 0
    }

    package let name: String
    package let identity: String?
    let changes: Monitor<State>

    package init(name: String = "memory", identity: String? = UUID().uuidString) {
        self.name = name
        self.identity = identity
        changes = Monitor(State())
    }

    package var storesCheckpointsWithData: Bool { true }

    package func describe() async throws -> ReplicaDescription {
        changes.read { state in
            let deleted = state.documents.values.count { $0.tree.isDeleted }
            return ReplicaDescription(
                name: name, updateSequence: UpdateSequence(.integer(Int64(state.sequence))),
                documentCount: state.documents.count - deleted, deletedCount: deleted, identity: identity,
                purges: String(state.purges))
        }
    }

    package func changes(
        since sequence: UpdateSequence, limit: Int, patience: Duration?
    ) async throws -> ChangeBatch {
        let start = try position(sequence)
        let page = changes.read { $0.page(since: start, limit: limit) }
        guard let patience, page.documents.isEmpty else { return page }
        return try await waitForChange(since: start, limit: limit, patience: patience) ?? page
    }

    func position(_ sequence: UpdateSequence) throws(CouchError) -> Int {
        guard let start = sequence.isZero ? 0 : sequence.value.integer else {
            throw CouchError(.invalidInput, "\(sequence) is no position in the memory replica “\(name)”")
        }
        return start
    }

    private func waitForChange(since start: Int, limit: Int, patience: Duration) async throws -> ChangeBatch? {
        try await withThrowingTaskGroup(of: ChangeBatch?.self) { group in
            group.addTask { [changes] in
                try await changes.wait { state -> ChangeBatch? in
                    let page = state.page(since: start, limit: limit)
                    return page.documents.isEmpty ? nil : page
                }
            }
            group.addTask {
                try await Task.sleep(for: patience)
                return nil
            }
            defer { group.cancelAll() }
            return try await group.next() ?? nil
        }
    }

    package func missing(_ documents: [DocumentLeaves]) async throws -> [DocumentLeaves] {
        changes.read { state in
            documents.compactMap { document in
                let tree = state.documents[document.id]?.tree ?? RevisionTree()
                let missing = tree.missing(of: document.revisions)
                return missing.isEmpty ? nil : DocumentLeaves(id: document.id, revisions: missing)
            }
        }
    }

    package func revisions(
        _ wanted: [DocumentLeaves], receive: (RevisionAnswer) async throws -> Void
    ) async throws {
        for document in wanted {
            for revision in document.revisions {
                let found = changes.read { state in
                    (state.documents[document.id]?.tree.leaves(descendingFrom: revision) ?? []).compactMap(\.body)
                }
                let item = WantedRevision(id: document.id, revision: revision)
                try await receive(
                    found.isEmpty ? item.unavailable(error: "not_found", reason: "missing") : item.given(found))
            }
        }
    }

    package func store(_ revisions: [Revision], checkpoint: Checkpoint?) async throws -> StoreResult {
        changes.change { state in
            for revision in revisions { state.insert(revision) }
            if let checkpoint { state.checkpoints[checkpoint.id] = checkpoint }
        }
        return StoreResult(didRecordCheckpoint: checkpoint != nil)
    }

    package func checkpoint(_ id: String) async throws -> Checkpoint? { changes.read { $0.checkpoints[id] } }

    package func record(_ checkpoint: Checkpoint) async throws {
        changes.change { $0.checkpoints[checkpoint.id] = checkpoint }
    }
}

extension MemoryReplica.State {
    /// Takes in a revision as replication does.
    mutating func insert(_ revision: Revision) {
        let leaves = documents[revision.id]?.tree.leafSet
        documents[revision.id, default: MemoryReplica.Document()].tree.insert(
            revision.path, isDeleted: revision.isDeleted, body: revision)
        if documents[revision.id]?.tree.leafSet != leaves { touch(revision.id) }
    }

    /// Notes that a document has changed.
    mutating func touch(_ id: DocumentID) {
        sequence += 1
        documents[id]?.sequence = sequence
        log.append((sequence, id))
    }

    func page(since start: Int, limit: Int) -> ChangeBatch {
        var (low, high) = (0, log.count)
        while low < high {
            let middle = (low + high) / 2
            if log[middle].sequence <= start { low = middle + 1 } else { high = middle }
        }
        var (leaves, last, index) = ([DocumentLeaves](), start, low)
        while index < log.count, leaves.count < limit {
            let (sequence, id) = log[index]
            if let document = documents[id], document.sequence == sequence {
                leaves.append(DocumentLeaves(id: id, revisions: document.tree.leaves.map(\.id)))
            }
            last = sequence
            index += 1
        }
        return ChangeBatch(
            documents: leaves, lastSequence: UpdateSequence(.integer(Int64(last))), pending: log.count - index,
            isAtEnd: index == log.count)
    }
}
