import CouchDB
import CouchSim
import Foundation
import Synchronization
import Testing

@testable import Replication

/// Differences of each class, one and many, are all found and none is invented, while a writer writes to the source at full
/// speed and a replication follows it.
@Suite(.serialized, .timeLimit(.minutes(5))) struct PlantedDifferencesTests {
    @Test(arguments: [1, 30], [Verification.Level.revisions, .bodies])
    func areFoundOnASimulatedServer(_ count: Int, _ level: Verification.Level) async throws {
        try await withSimulatedReplica { _, replica in
            try await findAll(replica.database.server, count: count, level: level)
        }
    }

    @Test(
        .enabled(if: LocalCouchDB.isInstalled, "no CouchDB is installed"), arguments: [1, 30],
        [Verification.Level.revisions, .bodies])
    func areFoundOnCouchDB(_ count: Int, _ level: Verification.Level) async throws {
        try await withRealServer { try await findAll($0, count: count, level: level) }
    }

    private func findAll(_ connection: ServerConnection, count: Int, level: Verification.Level) async throws {
        let scene = try await PlantedScene.make(on: connection, count: count)
        try await scene.fill()
        _ = try await Replicator(from: scene.left, to: scene.right, options: .test()).run()
        try await withThrowingTaskGroup { group in
            let written = Mutex(0)
            // Says that the writer is at work, or that it has ended.
            let (writes, writing) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
            try await scene.plant()
            group.addTask {
                defer { writing.finish() }
                do {
                    try await Self.write(to: scene.left, written, telling: writing)
                } catch  where Task.isCancelled {
                    return
                }
            }
            group.addTask {
                do {
                    try await Self.follow(scene)
                } catch  where Task.isCancelled {
                    return
                }
            }
            for await _ in writes { break }
            var verification = Verification(scene.left, scene.right)
            verification.looks = [.milliseconds(200), .milliseconds(500), .seconds(1), .seconds(2), .seconds(3)]
            verification.selfTests = true
            let result = try await verification.run(level: level)
            let found = Dictionary(result.differences.map { ($0.id, $0.kind) }, uniquingKeysWith: { $1 })
            #expect(found == scene.expected(level: level))
            #expect(result.verdict == .different && result.passedSelfTest == true)
            #expect(result.counts.different == result.differences.count)
            #expect(written.withLock { $0 } > 100, "nobody wrote meanwhile")
            try await explain(result, scene)
            group.cancelAll()
            try await group.waitForAll()
        }
        try await mend(scene)
    }

    /// Edits documents over and over, some hundred together.
    private static func write(
        to replica: CouchReplica, _ written: borrowing Mutex<Int>, telling writing: AsyncStream<Void>.Continuation
    ) async throws {
        let memory = MemoryReplica()
        for round in 0... {
            try Task.checkCancellation()
            for number in 0..<200 {
                let id = DocumentID("busy-\(round % 3 * 200 + number)")
                let leaf = try await memory.leaves(of: [id]).first?.revisions.first
                try memory.edit(id, on: leaf, members: #""round":\#(round)"#)
            }
            let leaves = memory.leafRevisions
            _ = try await replica.store(leaves, checkpoint: nil)
            written.withLock { $0 += leaves.count }
            writing.yield()
        }
    }

    /// Copies what the writer writes, and nothing else: planted holes stay.
    private static func follow(_ scene: PlantedScene) async throws {
        var options = ReplicationOptions()
        options.checkpointID = "follower"
        options.isContinuous = true
        options.selection = { $0.id.text.hasPrefix("busy") }
        _ = try await Replicator(from: scene.left, to: scene.right, options: options).run()
    }

    /// The reasons that both databases tell by themselves.
    private func explain(_ result: Verification.Result, _ scene: PlantedScene) async throws {
        let explained = result.differences.prefix(Verification.explainedDifferences)
        let reasons = Dictionary(grouping: explained) { String($0.id.text.prefix { $0 != "-" }) }
            .mapValues { Set($0.map { $0.reason?.code }) }
        #expect(reasons["ahead"] == [.aheadOfSource])
        #expect(reasons["branch"] == [.strayWrite])
        // One server tells what it has purged, the other only that it has.
        #expect(reasons["purged"] == [.purgedAtSource] || reasons["purged"] == [.mayBePurgedAtSource])
        #expect(reasons["extra"] == [.mayBePurgedAtSource])
        #expect(reasons["missing"] == [nil])
    }

    /// Copies what is missing, removes what is extra, and finds nothing but damaged content then.
    private func mend(_ scene: PlantedScene) async throws {
        var verification = Verification(scene.left, scene.right)
        verification.looks = [.zero]
        _ = try await Replicator(from: scene.left, to: scene.right, options: .busy).run()
        let before = try await verification.run()
        let copied = try await HoleRepair(scene.left, scene.right).run(before.differences)
        #expect(copied.remaining == [] && copied.refusals == [] && copied.copied >= 4 * scene.count)
        let removed = try await ExtraRemoval(scene.left, scene.right).run(before.differences)
        #expect(removed.purged == 4 * scene.count && removed.deleted == 0)
        // The purge of an edit takes the revision that was edited.
        #expect(removed.copied == scene.count)
        #expect(removed.refusals == [] && removed.kept == [] && removed.remaining == [])
        let after = try await verification.run(level: .bodies)
        #expect(
            after.differences.count { $0.kind == .bodyDiffers || $0.kind == .attachmentDiffers }
                == after.differences.count)
        #expect((after.counts.bodyDiffers, after.counts.attachmentDiffers) == (scene.count, scene.count))
    }
}

extension ReplicationOptions {
    /// Copies what the writer has left behind.
    fileprivate static var busy: ReplicationOptions {
        var options = ReplicationOptions()
        options.selection = { $0.id.text.hasPrefix("busy") }
        return options
    }
}
