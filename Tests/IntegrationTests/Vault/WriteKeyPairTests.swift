import CouchSim
import Foundation
import Supervision
import Testing

/// Pairs into a vault whose key on this machine only writes: what it can't do is told, with what is to be done.
@Suite(.timeLimit(.minutes(2)))
struct WriteKeyPairTests {
    /// Runs a body with the key `k` and its half that writes, `k.write`.
    private func withWriteKey(_ body: @escaping @Sendable (VaultPairScene) async throws -> Void) async throws {
        try await withVaultPairScene { scene in
            #expect(try await Program.run(["key", "new", scene.path("k"), "--write-only"]).exitCode == 0)
            try await body(scene)
        }
    }

    /// Verifications are asked for, and the key can't make them: that is told, with what is to be done.
    @Test func aKeyThatOnlyWritesCannotVerify() async throws {
        try await withWriteKey { scene in
            try scene.configure(vault: ", key_file: k.write", verify: "verify: { revisions: 1d }")
            for _ in 0..<2 {
                let checked = try await scene.keeper.check()
                #expect(checked.exitCode == 1 && checked.alarms == ["verification-impossible @ orders"])
                let finding = try #require(checked.finding("verification-impossible"), "\(checked.details)")
                #expect(finding.severity == .warning && finding.summary.contains("only writes"), "\(finding)")
                let lights = try #require(checked.report.pairs.first).lights
                #expect(lights.replicating.state == .ok)
                #expect(lights.verified.state == .unknown && lights.verified.summary.contains("only writes"))
            }
            #expect(try await scene.keeper.run("verify", "list").output.contains("no verification is remembered"))
            // Later on too nothing else is told of it.
            let later = try await scene.keeper.checkHere(now: { Date(timeIntervalSinceNow: 3 * 86_400) })
            #expect(later.alarms == ["verification-impossible @ orders"], "\(later.details)")
            #expect(try await Program.run(["explain", "verification-impossible"]).exitCode == 0)
            try scene.configure(vault: ", key_file: k.write")
            #expect(try await scene.keeper.check().exitCode == 0)
            try scene.configure(vault: ", key_file: k", verify: "verify: { revisions: 1d }")
            let able = try await scene.keeper.check()
            #expect(able.exitCode == 0 && able.report.pairs.first?.lights.verified.state == .ok, "\(able.details)")
        }
    }

    /// Drills are asked for, and the key can't read what they restore.
    @Test func aKeyThatOnlyWritesCannotRehearse() async throws {
        try await withWriteKey { scene in
            try scene.configure(vault: ", key_file: k.write", verify: "drill: { every: 7d }")
            for _ in 0..<2 {
                let checked = try await scene.keeper.check()
                #expect(checked.exitCode == 1 && checked.alarms == ["drill-impossible @ orders"], "\(checked.details)")
                let finding = try #require(checked.finding("drill-impossible"), "\(checked.details)")
                #expect(finding.summary.contains("reads nothing"), "\(finding)")
                #expect(finding.next.contains("where the private key is"), "\(finding)")
                let lights = try #require(checked.report.pairs.first).lights
                #expect(lights.replicating.state == .ok && lights.restorable.state == .unknown, "\(lights)")
            }
            for rule in ["drill-impossible", "drill-overdue", "drill-leftover"] {
                #expect(try await Program.run(["explain", rule]).exitCode == 0)
            }
            try scene.configure(vault: ", key_file: k", verify: "drill: { every: 7d }")
            #expect(try await scene.keeper.run("drill", "orders", "--in-memory").exitCode == 0)
            let able = try await scene.keeper.check()
            #expect(able.exitCode == 0 && able.report.pairs.first?.lights.restorable.state == .ok, "\(able.details)")
        }
    }
}
