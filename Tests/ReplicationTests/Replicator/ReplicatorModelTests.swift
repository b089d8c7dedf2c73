import CouchDB
import Foundation
import Testing

@testable import Replication

/// Random histories, copied at random moments, against the source itself as the model.
@Suite struct ReplicatorModelTests {
    @Test(arguments: 0..<16) func copiesRandomHistories(round: Int) async throws {
        let seed = UInt64(round) &+ UInt64.random(in: 0...(1 << 40))
        try await Comment("seed \(seed)").naming {
            let source = MemoryReplica(name: "source")
            let target = MemoryReplica(name: "target")
            var history = RandomHistory(seed: seed)
            // A purge is not replicated, so that only what comes before the first copy may purge.
            try history.run(80, on: source)
            for _ in 0..<5 {
                let report = try await Replicator(from: source, to: target, options: .test()).run()
                #expect(!report.isIncomplete)
                #expect(try await LeafRecord.all(of: target) == LeafRecord.all(of: source), "seed \(seed)")
                try history.run(25, on: source, purges: false)
            }
            let last = try await Replicator(from: source, to: target, options: .test()).run()
            #expect(last.resumption.cause == .resumed)
            let idle = try await Replicator(from: source, to: target, options: .test()).run()
            #expect(idle.counts.documentsRead == 0 && idle.counts.revisionsStored == 0)
            #expect(try await LeafRecord.all(of: target) == LeafRecord.all(of: source), "seed \(seed)")
        }
    }

    /// Each try dies somewhere: in the feed, in a fetch, in a store, by a cancellation. Nothing that a checkpoint speaks
    /// of may be missing, and the last try completes the copy.
    @Test(arguments: 0..<12) func losesNothingByFailures(round: Int) async throws {
        let seed = UInt64(round) &+ UInt64.random(in: 0...(1 << 40))
        let source = MemoryReplica(name: "source")
        let target = MemoryReplica(name: "target")
        var history = RandomHistory(seed: seed)
        try history.run(150, on: source)
        for attempt in 0..<6 {
            let chance = ChanceOfFailure(seed: seed &+ UInt64(attempt), percent: 20)
            var script = ScriptedReplica.Script()
            script.onChanges = { _ in try chance.roll() }
            script.onAnswer = { answer in
                try chance.roll()
                return answer
            }
            script.concurrency = 3
            var receiving = ScriptedReplica.Script()
            receiving.onStore = { _ in
                try chance.roll()
                return []
            }
            receiving.concurrency = 2
            receiving.storesCheckpointsWithData = attempt % 2 == 0
            let receiver = ScriptedReplica(target, receiving)
            do {
                _ = try await Replicator(from: ScriptedReplica(source, script), to: receiver, options: .test()).run()
            } catch is ReplicationFailure {}
            for checkpoint in receiver.recorded.suffix(1) {
                try await expectNothingMissing(before: checkpoint, source: source, target: target, seed: seed)
            }
            try history.run(10, on: source, purges: false)
        }
        let report = try await Replicator(from: source, to: target, options: .test()).run()
        #expect(!report.isIncomplete, "seed \(seed)")
        #expect(try await LeafRecord.all(of: target) == LeafRecord.all(of: source), "seed \(seed)")
    }

    @Test(arguments: 0..<12) func losesNothingByCancellation(round: Int) async throws {
        let seed = UInt64(round)
        let source = MemoryReplica(name: "source")
        let target = MemoryReplica(name: "target")
        var history = RandomHistory(seed: seed)
        try history.run(150, on: source)
        let (stores, continuation) = AsyncStream.makeStream(of: Void.self)
        var script = ScriptedReplica.Script()
        script.onStore = { _ in
            continuation.yield()
            await Task.yield()
            return []
        }
        let receiver = ScriptedReplica(target, script)
        await withTaskGroup { group in
            group.addTask {
                // Whether it ends before it is cancelled is left to chance.
                _ = try? await Replicator(from: source, to: receiver, options: .test()).run()
                continuation.finish()
            }
            var remaining = round
            for await _ in stores {
                remaining -= 1
                if remaining <= 0 { group.cancelAll() }
            }
        }
        if let checkpoint = try await target.checkpoint("test") {
            try await expectNothingMissing(before: checkpoint, source: source, target: target, seed: seed)
        }
        _ = try await Replicator(from: source, to: target, options: .test()).run()
        #expect(try await LeafRecord.all(of: target) == LeafRecord.all(of: source), "seed \(seed)")
    }

    /// All leaves that the source lists up to the checkpoint are in the target.
    private func expectNothingMissing(
        before checkpoint: Checkpoint, source: MemoryReplica, target: MemoryReplica, seed: UInt64
    ) async throws {
        let behind = try await source.changes(since: checkpoint.sequence, limit: 10_000, patience: nil)
        let later = Set(behind.documents.map(\.id))
        let due = source.leaves.filter { !later.contains($0.id) }
        let missing = try await target.missing(due)
        let excused = Set(checkpoint.setAside.map(\.id))
        #expect(missing.filter { !excused.contains($0.id) } == [], "seed \(seed)")
    }
}

extension Comment {
    /// Runs a body whose errors are shown with this comment.
    func naming(_ body: () async throws -> Void) async throws {
        do { try await body() } catch { Issue.record(error, self) }
    }
}
