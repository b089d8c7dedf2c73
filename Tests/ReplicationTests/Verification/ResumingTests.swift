import CouchDB
import Foundation
import Synchronization
import SystemPackage
import Testing

@testable import Replication

/// A verification that is stopped anywhere and resumed ends as one that was never stopped.
@Suite struct ResumingTests {
    /// Two databases with differences of each class.
    private func pair(seed: UInt64) async throws -> (source: MemoryReplica, target: MemoryReplica) {
        let source = MemoryReplica(name: "source")
        var history = RandomHistory(seed: seed, documents: 150)
        try history.run(500, on: source)
        var content = PlantedContent(source.leafRevisions)
        try content.plant(oneOf: 15, seed: seed)
        let target = MemoryReplica(name: "target")
        _ = try await target.store(content.revisions, checkpoint: nil)
        var random = SeededGenerator(seed: seed)
        for document in target.leaves {
            switch Int.random(in: 0..<12, using: &random) {
            case 0: target.purge(document.id, document.revisions)
            case 1: try target.conflict(document.id, on: nil, members: #""stray":1"#)
            default: break
            }
        }
        for number in 0..<5 { try target.edit(DocumentID("extra\(number)"), members: "") }
        return (source, target)
    }

    private func inFolder(_ body: (FilePath) async throws -> Void) async throws {
        let folder = FilePath(NSTemporaryDirectory()).appending("verification-\(UUID().uuidString)")
        try FileManager.default.createDirectory(atPath: folder.string, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder.string) }  // what is left over does no harm
        try await body(folder)
    }

    private func verification(
        _ source: any ComparableReplica, _ target: any ComparableReplica, _ folder: FilePath?
    ) -> Verification {
        var verification = Verification(source, target)
        verification.looks = [.zero]
        verification.folder = folder
        verification.checkpointInterval = .zero
        verification.selfTests = true
        var options = ReplicationOptions.test()
        options.batchSize = 10
        verification.options = options
        return verification
    }

    /// What was not made durable may be anything after a kill.
    private func damage(_ folder: FilePath) throws {
        for name in try FileManager.default.contentsOfDirectory(atPath: folder.string) where name != "state.json" {
            guard let file = FileHandle(forWritingAtPath: folder.appending(name).string) else { continue }
            try file.seekToEnd()
            try file.write(contentsOf: Data("{half a rec".utf8))
            try file.close()
        }
    }

    @Test(arguments: 0..<12) func endsAsOneThatWasNeverStopped(_ round: Int) async throws {
        let seed = UInt64.random(in: 0...(1 << 40))
        let (source, target) = try await pair(seed: seed)
        let level: Verification.Level = round % 3 == 0 ? .revisions : .bodies
        let whole = try await verification(source, target, nil).run(level: level)
        #expect(whole.verdict == .different && whole.passedSelfTest == true)
        #expect(level == .revisions || whole.counts.bodyDiffers > 0, "seed \(seed)")
        try await inFolder { folder in
            let random = Mutex(SeededGenerator(seed: seed))
            let stop: @Sendable () throws -> Void = {
                if random.withLock({ Int.random(in: 0..<12, using: &$0) }) == 0 { throw StoppingReplica.Stopped() }
            }
            let (left, right) = (
                StoppingReplica(base: source, onCall: stop), StoppingReplica(base: target, page: 33, onCall: stop)
            )
            var (stops, states) = (0, Set<VerificationState>())
            while true {
                var told: [Difference] = []
                do {
                    // One that was stopped before anything was worth writing down begins anew.
                    let isResuming = FileManager.default.fileExists(atPath: folder.appending("state.json").string)
                    let result = try await verification(left, right, folder).run(level: level, resuming: isResuming) {
                        told.append($0)
                    }
                    #expect(result.counts == whole.counts, "seed \(seed)")
                    #expect(Set(result.differences) == Set(whole.differences), "seed \(seed)")
                    #expect(result.differences == told && told.count == whole.differences.count, "seed \(seed)")
                    #expect(result.bodies?.revisions == whole.bodies?.revisions, "seed \(seed)")
                    #expect(result.bodies?.proofs == whole.bodies?.proofs, "seed \(seed)")
                    #expect(result.bodies?.counts == whole.bodies?.counts, "seed \(seed)")
                    #expect(result.verdict == whole.verdict && result.passedSelfTest == true, "seed \(seed)")
                    break
                } catch is ReplicationFailure {
                    stops += 1
                    if FileManager.default.fileExists(atPath: folder.appending("state.json").string) {
                        states.insert(try await VerificationJournal.state(in: folder))
                    }
                    try damage(folder)
                }
            }
            // Something was stopped and taken up on the way, in one of the rounds at least.
            if stops > 3 { #expect(states.count > 1, "seed \(seed)") }
        }
    }

    @Test("What was lost during the pause is found: it begins anew", arguments: [true, false])
    func losesDuringThePause(byPurge: Bool) async throws {
        let identity = UUID().uuidString
        let (source, older) = (MemoryReplica(name: "source"), MemoryReplica(name: "target", identity: identity))
        let target = MemoryReplica(name: "target", identity: identity)
        try source.edit("a", members: #""n":1"#)
        _ = try await Replicator(from: source, to: older).run()
        try source.edit("b", members: #""n":1"#)
        _ = try await Replicator(from: source, to: target).run()
        try await inFolder { folder in
            // Its revisions are compared; it would go on with their outcome.
            #expect(try await verification(source, target, folder).run().verdict == .equal)
            if byPurge { target.purge("b", try #require(try await target.leaves(of: ["b"]).first).revisions) }
            let result = try await verification(source, byPurge ? target : older, folder).run(resuming: true)
            #expect(result.differences.map(\.id) == ["b"] && result.basis == nil)
        }
    }

    @Test func refusesOtherDatabases() async throws {
        let (source, target) = try await pair(seed: 1)
        try await inFolder { folder in
            _ = try await verification(source, target, folder).run()
            let other = try await pair(seed: 1).target
            let error = await #expect(throws: VerificationStateError.self) {
                _ = try await verification(source, other, folder).run(resuming: true)
            }
            #expect(error?.code == .otherDatabases)
        }
    }

    @Test func refusesWhatIsNotThereOrDamaged() async throws {
        let (source, target) = try await pair(seed: 1)
        try await inFolder { folder in
            let error = await #expect(throws: VerificationStateError.self) {
                _ = try await verification(source, target, folder).run(resuming: true)
            }
            #expect(error?.code == .nothingToResume)
            _ = try await verification(source, target, folder).run()
            try Data("{".utf8).write(to: URL(fileURLWithPath: folder.appending("state.json").string))
            let damaged = await #expect(throws: VerificationStateError.self) {
                _ = try await verification(source, target, folder).run(resuming: true)
            }
            #expect(damaged?.code == .damaged)
        }
    }
}
