import CouchDB
import Foundation
import Synchronization
import Testing

@testable import Replication

/// A verification of a backup whose source is written to, and the repair of its holes.
@Suite struct VerificationTests {
    /// A target in which something happens when it is asked for the second time.
    private struct LiveTarget: ComparableReplica {
        let replica: MemoryReplica
        /// What happens before each answer about missing revisions.
        var onLook: @Sendable () async throws -> Void = {}

        func describe() async throws -> ReplicaDescription { try await replica.describe() }
        func changes(since sequence: UpdateSequence, limit: Int, patience: Duration?) async throws -> ChangeBatch {
            try await replica.changes(since: sequence, limit: limit, patience: patience)
        }
        func missing(_ documents: [DocumentLeaves]) async throws -> [DocumentLeaves] {
            try await onLook()
            return try await replica.missing(documents)
        }
        func revisions(_ wanted: [DocumentLeaves], receive: (RevisionAnswer) async throws -> Void) async throws {
            try await replica.revisions(wanted, receive: receive)
        }
        func store(_ revisions: [Revision], checkpoint: Checkpoint?) async throws -> StoreResult {
            try await replica.store(revisions, checkpoint: checkpoint)
        }
        func checkpoint(_ id: String) async throws -> Checkpoint? { try await replica.checkpoint(id) }
        func record(_ checkpoint: Checkpoint) async throws { try await replica.record(checkpoint) }
        func leaves(of ids: [DocumentID]) async throws -> [DocumentLeaves] { try await replica.leaves(of: ids) }
    }

    private func pair(documents: Int = 300) async throws -> (source: MemoryReplica, target: MemoryReplica) {
        let (source, target) = (MemoryReplica(name: "source"), MemoryReplica(name: "target"))
        for number in 0..<documents {
            let first = try source.edit(DocumentID("d\(number)"), on: nil, members: #""n":\#(number)"#)
            if number % 7 == 0 { _ = try source.edit(DocumentID("d\(number)"), on: first, members: #""n":0"#) }
            if number % 11 == 0 { _ = try source.conflict(DocumentID("d\(number)"), on: nil, members: #""c":1"#) }
            if number % 13 == 0 {
                _ = try source.edit(DocumentID("gone\(number)"), on: nil, isDeleted: true)
            }
        }
        _ = try await Replicator(from: source, to: target).run()
        return (source, target)
    }

    private func verification(_ source: MemoryReplica, _ target: LiveTarget) -> Verification {
        var verification = Verification(source, target)
        (verification.looks, verification.furtherLooks) = ([.zero, .zero, .zero], 0)
        return verification
    }

    @Test func saysEqualOfACompleteBackup() async throws {
        let (source, target) = try await pair()
        let result = try await verification(source, LiveTarget(replica: target)).run()
        #expect(result.verdict == .equal)
        #expect(result.counts.equal == 300 + 24)
        let counts = try await verification(source, LiveTarget(replica: target)).run(level: .counts)
        #expect(counts.verdict == .equal)
    }

    @Test func namesWhatIsMissing() async throws {
        let (source, target) = try await pair()
        let lost = target.purge("d5", try #require(try await target.leaves(of: ["d5"]).first).revisions)
        _ = try target.edit("stray", on: nil, members: #""s":1"#)
        var told: [Difference] = []
        let result = try await verification(source, LiveTarget(replica: target)).run { told.append($0) }
        #expect(result.verdict == .different)
        #expect(Set(result.differences.map(\.id)) == ["d5", "stray"])
        #expect(told == result.differences)
        #expect(result.differences.first { $0.id == "d5" }?.onlyInSource == lost)
        #expect((result.counts.missing, result.counts.extra) == (1, 1))
        #expect(try await verification(source, LiveTarget(replica: target)).run(level: .counts).verdict == .equal)
    }

    @Test func whatIsOnItsWayIsNoDifference() async throws {
        let (source, target) = try await pair()
        var last = try source.edit("busy", on: nil, members: #""n":0"#)
        for number in 1..<5 { last = try source.edit("busy", on: last, members: #""n":\#(number)"#) }
        // The replication brings what was there at the first look; the source is further by then.
        let tip = Mutex(last)
        let live = LiveTarget(replica: target) {
            _ = try await Replicator(from: source, to: target).run()
            let newer = try source.edit("busy", on: tip.withLock { $0 }, members: #""later":true"#)
            tip.withLock { $0 = newer }
        }
        let result = try await verification(source, live).run()
        #expect(result.verdict == .equal, "\(result.differences)")
    }

    /// A target that lacks twenty documents of the source, and gets one of them at each look.
    private func catchingUp(_ source: MemoryReplica, _ target: MemoryReplica) throws -> LiveTarget {
        for number in 0..<20 { _ = try source.edit(DocumentID("new\(number)"), on: nil, members: #""n":1"#) }
        let arrived = Mutex(0)
        return LiveTarget(replica: target) {
            let number = arrived.withLock { count in
                defer { count += 1 }
                return count
            }
            let leaves = try await source.leaves(of: [DocumentID("new\(number)")])
            _ = try await Replicator(from: source, to: target).copy(leaves)
        }
    }

    /// One that catches up is waited for, as long as something arrives at each look.
    @Test(arguments: [(16, Verification.Verdict.unknown), (17, .equal), (18, .equal)])
    func aBackupThatCatchesUpIsWaitedFor(_ further: Int, _ verdict: Verification.Verdict) async throws {
        let (source, target) = try await pair()
        let live = try catchingUp(source, target)
        var verification = verification(source, live)
        verification.furtherLooks = further
        #expect(try await verification.run().verdict == verdict)
    }

    @Test func aBackupThatIsStillFilledIsUnknown() async throws {
        let (source, target) = try await pair()
        let live = try catchingUp(source, target)
        let result = try await verification(source, live).run()
        #expect(result.verdict == .unknown)
        #expect(result.reason?.contains("behind") == true)
    }

    /// What a replication has passed over stays missing, however busy the target is with other documents.
    @Test(arguments: [1, 40]) func aHoleInABusyTargetIsADifference(_ holes: Int) async throws {
        let (source, target) = try await pair()
        for number in 0..<holes {
            let id = DocumentID("d\(number)")
            _ = target.purge(id, try #require(try await target.leaves(of: [id]).first).revisions)
        }
        let written = Mutex(0)
        let busy = LiveTarget(replica: target) {
            let number = written.withLock { count in
                defer { count += 1 }
                return count
            }
            let leaf = try source.edit(DocumentID("busy\(number)"), on: nil, members: #""n":1"#)
            let leaves = [DocumentLeaves(id: DocumentID("busy\(number)"), revisions: [leaf])]
            _ = try await Replicator(from: source, to: target).copy(leaves)
        }
        let result = try await verification(source, busy).run()
        #expect(result.verdict == .different && result.counts.missing == holes)
    }

    @Test func holesAreMendedExactly() async throws {
        let (source, target) = try await pair()
        for number in [0, 3, 7, 11, 77] {
            let id = DocumentID("d\(number)")
            _ = target.purge(id, try #require(try await target.leaves(of: [id]).first).revisions)
        }
        _ = try target.edit("stray", on: nil, members: #""s":1"#)
        let found = try await verification(source, LiveTarget(replica: target)).run().differences
        let report = try await HoleRepair(source, target).run(found)
        #expect(report.copied == found.reduce(0) { $0 + $1.onlyInSource.count })
        #expect(report.remaining == [])
        let after = try await verification(source, LiveTarget(replica: target)).run()
        #expect(after.differences.map(\.id) == ["stray"], "what only the target has stays")
        for number in [0, 3, 7, 11, 77] {
            let id = DocumentID("d\(number)")
            #expect(try await source.leaves(of: [id]) == target.leaves(of: [id]))
        }
    }
}
