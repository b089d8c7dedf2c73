import CouchDB
import Foundation
import Synchronization

@testable import Replication

/// A replica in memory that fails, delays and counts as a test asks.
final class ScriptedReplica: Replica {
    struct Script: Sendable {
        var onChanges: @Sendable (Int) async throws -> Void = { _ in }
        var onRevisions: @Sendable ([DocumentLeaves]) async throws -> Void = { _ in }
        var onAnswer: @Sendable (RevisionAnswer) async throws -> RevisionAnswer? = { $0 }
        var onStore: @Sendable ([Revision]) async throws -> [Refusal] = { _ in [] }
        var changePage: @Sendable (ChangeBatch) -> ChangeBatch = { $0 }
        var storesCheckpointsWithData = true
        var concurrency = 1
    }

    let base: MemoryReplica
    private let script: Script
    private let calls = Mutex((changes: 0, stores: 0, recorded: [Checkpoint]()))

    init(_ base: MemoryReplica, _ script: Script) {
        self.base = base
        self.script = script
    }

    var storeCalls: Int { calls.withLock { $0.stores } }
    var recorded: [Checkpoint] { calls.withLock { $0.recorded } }
    var storesCheckpointsWithData: Bool { script.storesCheckpointsWithData }
    var concurrentStores: Int { script.concurrency }
    var concurrentFetches: Int { script.concurrency }

    func describe() async throws -> ReplicaDescription { try await base.describe() }

    func changes(since sequence: UpdateSequence, limit: Int, patience: Duration?) async throws -> ChangeBatch {
        let number = calls.withLock { calls in
            calls.changes += 1
            return calls.changes
        }
        try await script.onChanges(number)
        return script.changePage(try await base.changes(since: sequence, limit: limit, patience: patience))
    }

    func missing(_ documents: [DocumentLeaves]) async throws -> [DocumentLeaves] { try await base.missing(documents) }

    func revisions(_ wanted: [DocumentLeaves], receive: (RevisionAnswer) async throws -> Void) async throws {
        try await script.onRevisions(wanted)
        try await base.revisions(wanted) { answer in
            if let answer = try await script.onAnswer(answer) { try await receive(answer) }
        }
    }

    func store(_ revisions: [Revision], checkpoint: Checkpoint?) async throws -> StoreResult {
        calls.withLock { $0.stores += 1 }
        let refusals = try await script.onStore(revisions)
        let refused = Set(refusals.map(\.id))
        let taken = refusals.isEmpty ? checkpoint : nil
        if let taken { calls.withLock { $0.recorded.append(taken) } }
        var result = try await base.store(revisions.filter { !refused.contains($0.id) }, checkpoint: taken)
        result.refusals = refusals
        return result
    }

    func checkpoint(_ id: String) async throws -> Checkpoint? { try await base.checkpoint(id) }

    func record(_ checkpoint: Checkpoint) async throws {
        calls.withLock { $0.recorded.append(checkpoint) }
        try await base.record(checkpoint)
    }
}

extension ReplicationOptions {
    /// Small pages and no pauses worth the name.
    static func test(id: String? = "test") -> ReplicationOptions {
        var options = ReplicationOptions()
        options.checkpointID = id
        options.pageSize = 7
        options.batchSize = 5
        options.firstPause = .milliseconds(1)
        options.longestPause = .milliseconds(2)
        return options
    }
}
