import CouchDB
import CouchSim
import Foundation
import Replication
import Supervision
import Synchronization
import Testing
import Vault

@testable import Service

/// Verifications that `check` makes: when they are due, and when a rule wants them.
@Suite(.timeLimit(.minutes(3))) struct VerifyingCheckTests {
    /// A clock that is set by hand.
    private final class Clock: Sendable {
        private let time = Mutex(Date(timeIntervalSince1970: 1_795_507_200))
        var now: Date { time.withLock { $0 } }
        func elapse(_ seconds: TimeInterval) { time.withLock { $0 += seconds } }
    }

    private let clock = Clock()

    private func check(
        _ scene: VerificationScene, _ options: PassOptions = PassOptions(), verifies: Bool = true
    ) async throws -> CheckRun.Outcome {
        var check = CheckRun(
            scene.loaded, pacing: RepairPacing(attempts: 5000) { await Task.yield() },
            now: { [clock] in clock.now })
        check.verifies = verifies
        check.looks = [.zero]
        return try await check.run(options)
    }

    private func records(_ scene: VerificationScene) async throws -> [VerificationRecord] {
        try await StoredVerifications(try scene.state).all()
    }

    private func status(_ scene: VerificationScene) async throws -> Report {
        try #require(try await StoredStatus(scene.loaded).report(now: clock.now, maximumAge: .seconds(86_400 * 30)))
            .report
    }

    @Test func whatIsDueIsVerifiedAndGrowsOld() async throws {
        try await withVerificationScene(verify: "verify: { revisions: 1d }") { scene in
            let isCaughtUp = try await eventually {
                let skipped = try await check(scene, verifies: false).report.pairs.first
                return skipped?.lag.changes == 0 && skipped?.lights.verified.state == .unknown
            }
            #expect(isCaughtUp)
            #expect(try await records(scene) == [])
            let dry = try await check(scene, PassOptions(isDryRun: true))
            #expect(dry.report.pairs.first?.repairs.last?.action == "verify", "\(dry.report.pairs)")
            #expect(dry.report.pairs.first?.lights.verified.state == .unknown)
            #expect(try await records(scene) == [])

            let first = try await check(scene)
            #expect(first.report.pairs.first?.lights.verified.state == .ok, "\(first.report.pairs)")
            #expect(try await records(scene).map(\.reasonToRun) == ["schedule"])
            clock.elapse(300)
            #expect(try await check(scene).exitCode == .ok)
            #expect(try await records(scene).count == 1)

            // Nobody checks: what is remembered ceases to be good by itself.
            clock.elapse(29 * 3600)
            #expect(try await status(scene).pairs.first?.lights.verified.state == .ok)
            clock.elapse(3600)
            let old = try await status(scene)
            #expect(old.pairs.first?.lights.verified.state == .unknown)
            #expect(old.pairs.first?.findings.map(\.rule) == [VerificationOverdue.name])
            #expect(try await check(scene).exitCode == .ok)
            #expect(try await records(scene).count == 2)
        }
    }

    @Test("What is in the vault is verified by the check that backed it up, and its moment is marked")
    func aBackupInTheVaultIsVerified() async throws {
        try await withVerificationScene(verify: "verify: { revisions: 1d }", pairs: VerificationScene.pairInVault) {
            scene in
            let first = try await check(scene)
            let pair = try #require(first.report.pairs.first)
            #expect(pair.target == "vault:orders" && first.exitCode == .ok, "\(first.report.pairs)")
            #expect(pair.lights.verified.state == .ok, "\(pair.lights)")
            #expect(pair.lights.verified.summary.hasPrefix("equal at level revisions"), "\(pair.lights)")
            #expect(try await status(scene).pairs.first?.lights.verified == pair.lights.verified)
            let made = try await records(scene)
            #expect(made.map(\.reasonToRun) == ["schedule"] && made.map(\.verdict) == [.equal])
            #expect(try await scene.moments().map(\.verified) == [clock.now])

            // Not due: the new moment stays as it is, and the light too.
            clock.elapse(3600)
            _ = try scene.production.put("later", in: "orders")
            #expect(try await check(scene).report.pairs.first?.lights.verified.state == .ok)
            #expect(try await records(scene).count == 1)
            clock.elapse(24 * 3600)
            let next = try await check(scene)
            #expect(next.exitCode == .ok && next.report.pairs.first?.findings == [], "\(next.report.pairs)")
            #expect(try await records(scene).map(\.counts.equal) == [51, 50])
            #expect(try await scene.moments().last?.verified == clock.now)
        }
    }

    @Test func aHoleIsFoundAndMended() async throws {
        try await withVerificationScene(verify: "verify: { revisions: 1d }") { scene in
            #expect(try await eventually { try await check(scene).report.pairs.first?.lights.verified.state == .ok })
            // As many documents as before, so that no count tells of it.
            try await scene.purge("document-7", at: scene.standby)
            _ = try scene.standby.put("stray", in: "orders")
            clock.elapse(25 * 3600)
            let found = try await check(scene)
            let repairs = found.report.pairs.flatMap(\.repairs)
            #expect(
                repairs.map(\.action) == [VerificationPass.action] && repairs.map(\.result) == [.done], "\(repairs)")
            let verdicts = try await records(scene).map { ($0.counts.missing, $0.counts.extra) }
            #expect(verdicts.count == 3 && verdicts[1] == (1, 1) && verdicts[0] == (0, 1), "\(verdicts)")
            let finding = try #require(found.report.pairs.first?.findings.first { $0.rule == BackupDiffers.name })
            #expect(finding.severity == .notice && finding.summary.contains("stray"), "\(finding)")
            #expect(found.report.pairs.first?.lights.verified.state == .ok)
        }
    }

    @Test func aRollbackEndsWhenTheComparisonSaysEqual() async throws {
        try await withVerificationScene { scene in
            _ = try await check(scene)
            let old = try scene.standby.snapshot(of: "orders")
            _ = try scene.production.put("lost", in: "orders")
            try await eventuallyHolds(51, scene.standby)
            clock.elapse(60)
            #expect(try await check(scene).exitCode == .ok)
            #expect(try await records(scene) == [], "nothing asks for a verification")
            try scene.standby.rollback(to: old)
            clock.elapse(60)
            let found = try await check(scene)
            #expect(found.report.pairs.first?.findings.map(\.rule) == [TargetRolledBack.name], "\(found.report.pairs)")
            let made = try await records(scene)
            #expect(made.last?.reasonToRun == TargetRolledBack.name && made.first?.verdict == .equal, "\(made)")
            clock.elapse(60)
            let after = try await check(scene)
            #expect(after.exitCode == .ok, "\(after.report.pairs)")
            #expect(after.report.pairs.first?.lights.verified.state == .ok)
            #expect(try scene.standby.documentCount(of: "orders") == 51)
        }
    }

    @Test func refusedDocumentsAreNamedUntilTheyAreThere() async throws {
        try await withVerificationScene { scene in
            _ = try await check(scene)
            scene.standby.validate("orders") { (document: JSONValue) throws(CouchSim.Refusal) in
                if document["_id"] == "bad" { throw .forbidden("not here") }
            }
            _ = try scene.production.put("bad", in: "orders")
            _ = try scene.production.put("good", in: "orders")
            try await eventuallyHolds(51, scene.standby)
            clock.elapse(60)
            var found = try await check(scene)
            for _ in 0..<20
            where found.report.pairs.first?.findings.contains(where: { $0.rule == WritesRefused.name }) != true {
                clock.elapse(60)
                found = try await check(scene)
            }
            let finding = try #require(found.report.pairs.first?.findings.first { $0.rule == WritesRefused.name })
            #expect(finding.summary.contains("missing: bad"), "\(found.report.pairs)")
            let repair = try #require(found.report.pairs.first?.repairs.last { $0.action == VerificationPass.action })
            #expect(repair.result == .failed && repair.detail.contains("not here"))

            scene.standby.validate("orders", with: nil)
            clock.elapse(8 * 3600)
            _ = try await check(scene)
            #expect(try scene.standby.documentCount(of: "orders") == 52)
            clock.elapse(60)
            let after = try await check(scene)
            #expect(after.report.pairs.first?.findings.filter { $0.severity != .notice } == [], "\(after.report.pairs)")
        }
    }

    private func eventuallyHolds(_ count: Int, _ server: SimulatedServer) async throws {
        #expect(try await eventually { try server.documentCount(of: "orders") == count })
    }
}
