import CouchSim
import Foundation
import Supervision
import Testing
import Vault

/// `check --dry-run` of pairs whose target is the vault.
@Suite(.timeLimit(.minutes(2)))
struct VaultPairDryRunTests {
    @Test func aDryRunSaysWhatItWouldBackUpAndLeavesIt() async throws {
        try await withVaultPairScene { scene in
            func planned() async throws -> [String] {
                let dry = try await scene.keeper.check("--dry-run")
                return (dry.report.pairs.first?.repairs ?? []).map {
                    "\($0.action) \($0.result.rawValue): \($0.detail)"
                }
            }
            #expect(try await planned() == ["back-up planned: make the first backup in the vault"])
            #expect(!FileManager.default.fileExists(atPath: scene.vault))
            #expect(try await scene.keeper.check().report.pairs.first?.repairs == [])
            #expect(try await planned() == [])
            try scene.production.fill("orders", prefix: "later", count: 2)
            #expect(try await planned() == ["back-up planned: copy 2 changes into the vault"])
            #expect(try await scene.moments().map(\.documents) == [5])
            try scene.configure(pair: "databases: [orders], mode: watch")
            #expect(try await planned() == [])
        }
    }

    @Test func aDryRunChangesNothing() async throws {
        try await withVaultPairScene { scene in
            let checked = try await scene.keeper.check("--dry-run")
            #expect(checked.exitCode == 20)
            #expect(!FileManager.default.fileExists(atPath: scene.vault))
            #expect(!FileManager.default.fileExists(atPath: scene.keeper.state))
            #expect(try await scene.keeper.check().exitCode == 0)
            try scene.production.fill("orders", prefix: "later", count: 2)
            #expect(try await scene.keeper.check("--dry-run").report.pairs.first?.lag.changes == 2)
            #expect(try await scene.moments().count == 1)
        }
    }
}
