import Backup
import CouchDB
import CouchSim
import Foundation
import Replication
import Testing

@testable import Vault

/// Random lives of a database, backed up now and then: each moment is what the source was then, and comes back as that.
@Suite struct BackupModelTests {
    @Test(arguments: 0..<6) func keepsWhatASimulatedSourceWas(round: Int) async throws {
        let seed = UInt64.random(in: 0...(1 << 40))
        try await withScene { _, scene in try await Self.live(in: scene, seed: seed, backups: 5) }
    }

    @Test(.enabled(if: LocalCouchDB.isInstalled, whySkipped), .timeLimit(.minutes(5)))
    func keepsWhatCouchDBWas() async throws {
        let seed = UInt64.random(in: 0...(1 << 40))
        try await withRealScene { _, scene in try await Self.live(in: scene, seed: seed, backups: 4) }
    }

    /// What the source was at a moment.
    private struct Past {
        var moment: Moment
        var leaves: Set<LeafPicture>
        var security: Data
    }

    private static func live(in scene: Scene, seed: UInt64, backups: Int) async throws {
        let named: Comment = "seed \(seed)"
        do {
            var (edits, past): (RandomEdits, [Past]) = (RandomEdits(seed: seed), [])
            for _ in 0..<backups {
                try await edits.run(30, on: scene.source)
                let leaves = try await scene.picture()
                let security = try await scene.source.securityDocument()
                let report = try await scene.backUp()
                #expect(!report.isIncomplete, named)
                #expect(report.isMarked)
                past.append(Past(moment: report.moment, leaves: leaves, security: security))
            }
            for (number, past) in past.enumerated() {
                let moment = try await scene.moment(past.moment)
                let kept = try await LeafPicture.all(of: moment)
                #expect(kept == past.leaves, "\(named) moment \(number + 1): \(kept.difference(from: past.leaves))")
                #expect(try await moment.sourceSettings().security == past.security, named)
                let target = scene.connection.database("restored\(number)")
                let report = try await scene.restore(past.moment, to: target)
                #expect(report.isEqual, "\(named) \(report)")
                let restored = try await scene.picture(of: target)
                #expect(
                    try restored.unordered == past.leaves.unordered,
                    "\(named) restored \(number + 1): \(restored.difference(from: past.leaves))")
                #expect(try await target.securityDocument() == past.security, named)
            }
            let check = try await scene.withBackup { try await $0.check(readData: true) }
            #expect(check.problems == [], named)
            let idle = try await scene.backUp()
            #expect(idle.source == .same && idle.replication.counts.revisionsStored == 0, named)
        } catch {
            Issue.record(error, named)
        }
    }
}
