import CouchDB
import CouchSim
import Foundation
import Replication
import Supervision
import Testing
import Vault

@testable import Service

/// A backup in the vault that lacks what its source has, although it has read the feed past it.
@Suite(.timeLimit(.minutes(1))) struct VaultRepairTests {
    /// Runs with a backup of 50 documents whose newest moment lacks two of them.
    private func withHoles(_ body: @Sendable (VerificationScene) async throws -> Void) async throws {
        try await withVerificationScene(
            pairs: "[{ source: production, target: vault, databases: [orders], mode: manage }]"
        ) { scene in
            let check = CheckRun(scene.loaded)
            _ = try await check.run(PassOptions())
            try await withBackup(of: scene) { backup in
                let leaves = try await backup.leaves(of: ["document-3", "document-7"])
                let forgotten = try await backup.forget(leaves)
                #expect(forgotten == 2)
                try await backup.seal(at: Date(), sequence: try await backup.moments().last?.sequence, isComplete: true)
            }
            try await body(scene)
        }
    }

    private func withBackup<Result: Sendable>(
        of scene: VerificationScene, _ body: @Sendable (VaultDatabase) async throws -> Result
    ) async throws -> Result {
        let vault = try await Vault(at: "\(scene.folder.path)/vault", create: false, now: Date(), key: nil)
        return try await vault.withDatabase("orders", isWriting: true, now: Date(), body)
    }

    @Test func aHoleBehindTheCheckpointIsMended() async throws {
        try await withHoles { scene in
            let found = try #require(try await scene.verify().first)
            #expect(found.record.verdict == .different && found.record.counts.missing == 2)
            let report = try await scene.desk().repairing("orders", verification: found.record.id) {
                try await $0.mend($0.differences)
            }
            #expect(report.copied == 2 && report.remaining.isEmpty)
            #expect(try await scene.verify().first?.record.verdict == .equal)
            try await withBackup(of: scene) { backup in
                // Those that there were stay as they were.
                let (moments, report) = (try await backup.moments(), try await backup.check(readData: true))
                #expect(moments.map(\.documents) == [50, 48, 50] && report.problems == [])
            }
        }
    }

    /// A dry run needs no right to write, and leaves no moment.
    @Test func aDryRunWritesNothing() async throws {
        try await withHoles { scene in
            try await withBackup(of: scene) { _ in
                let missing = try await scene.desk().repairing("orders", verification: nil, mending: false) {
                    $0.differences.map(\.id)
                }
                #expect(Set(missing) == ["document-3", "document-7"])
            }
            let moments = try await withBackup(of: scene) { try await $0.moments() }
            #expect(moments.count == 2)
        }
    }
}
