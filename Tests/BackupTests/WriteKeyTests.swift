import Backup
import CouchDB
import CouchSim
import Foundation
import Replication
import Testing

@testable import Vault

/// A machine that holds only the write key backs up a source that loses its history, prunes what it can't read, and the
/// private key reads every moment that is left.
@Suite struct WriteKeyTests {
    private struct Keys: Sendable {
        let scene: Scene
        let write: VaultKey
        let read: VaultKey

        init(_ scene: Scene) throws {
            self.scene = scene
            read = try VaultKey.make(isWriteOnly: true)
            write = try #require(try read.writeKey)
        }

        func withBackup<Result>(
            _ key: VaultKey, isWriting: Bool, _ body: (VaultDatabase) async throws -> Result
        ) async throws -> Result {
            let path = scene.folder.path(percentEncoded: false)
            let vault = try await Vault(at: path, create: isWriting, now: Scene.start, key: .key(key))
            let backup = try await vault.database(
                scene.source.name, isWriting: isWriting, create: isWriting, now: Scene.start)
            let result = try await body(backup)
            try await backup.close()
            return result
        }

        func backUp(minute: Int) async throws -> BackupReport {
            try await withBackup(write, isWriting: true) { backup in
                var run = BackupRun(of: scene.source, into: backup) {
                    Scene.start.addingTimeInterval(Double(minute) * 60)
                }
                run.options = .test
                return try await run.run()
            }
        }

        /// What the private key reads of a moment.
        func picture(of moment: Moment) async throws -> Set<LeafPicture> {
            try await withBackup(read, isWriting: false) { try await LeafPicture.all(of: $0.at(moment)) }
        }
    }

    @Test func purgesNewEpochsAndPrunes() async throws {
        try await withScene { _, scene in
            let keys = try Keys(scene)
            try await scene.source.fill(40)
            try await scene.source.attach(Data((0..<90_000).map { UInt8(truncatingIfNeeded: $0 &* 7) }))
            let first = try await keys.backUp(minute: 1)
            let before = try await scene.picture()

            let purged = try #require(try await scene.source.document("document-7")?["_rev"]?.string)
            _ = try await scene.source.purge(["document-7": [purged]])
            let second = try await keys.backUp(minute: 2)
            // It can't look up what was purged: everything is read again.
            guard case .newEpoch = second.source else { return #expect(Bool(false), "\(second.source)") }
            let after = try await scene.picture()
            #expect(after != before)
            #expect(try await keys.picture(of: second.moment) == after)
            #expect(try await keys.picture(of: first.moment) == before, "the past stays")

            try await scene.source.write(["document-8": ["v": 2], "document-9": ["_deleted": true]])
            let third = try await keys.backUp(minute: 3)
            #expect(third.source == .same && third.moment.epoch == second.moment.epoch)
            #expect(try await keys.picture(of: third.moment) == scene.picture())

            // Created anew: another epoch.
            try await scene.source.delete()
            try await scene.source.create()
            try await scene.source.fill(5, prefix: "new-")
            let fourth = try await keys.backUp(minute: 4)
            guard case .newEpoch = fourth.source else { return #expect(Bool(false), "\(fourth.source)") }
            #expect(try await keys.picture(of: third.moment).count == 40)

            // The write key drops the two middle moments, then all but the newest.
            for (policy, left) in [(KeepPolicy(last: 2), 2), (KeepPolicy(last: 1), 1)] {
                let result = try await keys.withBackup(keys.write, isWriting: true) { backup in
                    let plan = try await backup.prunePlan(policy, now: Scene.start)
                    return try await backup.prune(plan, isConfirmed: true)
                }
                #expect(result.moments == (left == 2 ? 2 : 1))
                for key in [keys.write, keys.read] {
                    let report = try await keys.withBackup(key, isWriting: false) { try await $0.check(readData: true) }
                    #expect(report.problems == [] && report.strays == 0)
                }
                if left == 2 { #expect(try await keys.picture(of: third.moment).count == 40) }
                #expect(try await keys.picture(of: fourth.moment) == scene.picture())
            }
            let statistics = try await keys.withBackup(keys.write, isWriting: false) { try await $0.statistics() }
            #expect(statistics.leaves == 5 && statistics.bodies == 5 && statistics.attachments == 0)
            // And goes on backing up.
            try await scene.source.write(["new-1": ["v": 3]])
            let fifth = try await keys.backUp(minute: 5)
            #expect(fifth.source == .same)
            #expect(try await keys.picture(of: fifth.moment) == scene.picture())
        }
    }
}
