import CouchSim
import Foundation
import Replication
import Supervision
import Testing

@testable import Service

/// What is suspected to be lost is looked for everywhere, as no feed lists it.
@Suite(.timeLimit(.minutes(2))) struct SuspectedPairTests {
    /// Puts a finding into the last report of the only pair.
    private func suspect(_ scene: VerificationScene, _ rule: String) async throws {
        let state = try scene.state
        let report = try #require(try await state.lastReport())
        var pair = try #require(report.pairs.first)
        pair.findings = [
            Finding(rule: rule, severity: .warning, since: Date(), summary: "something may be lost", next: "")
        ]
        try await state.store(report.with(pairs: [pair]))
    }

    @Test(
        "A pair that a rule suspects is compared whole, whatever was asked for",
        arguments: [
            TargetRolledBack.name, WritesRefused.name, CountsDiffer.name, ReplicationTransient.name,
        ])
    func isComparedWhole(rule: String) async throws {
        #expect(VerifiedLight.suspicious.contains(rule))
        try await withVerificationScene { scene in
            try await scene.backUp()
            let whole = try #require(try await scene.verify().first).record
            let incremental = try #require(try await scene.verify(isIncremental: true).first).record
            #expect(incremental.since == whole.asOf && incremental.counts.equal == 0, "there is a basis")
            try await suspect(scene, rule)
            let suspected = try #require(try await scene.verify(isIncremental: true).first).record
            #expect(suspected.since == nil && suspected.verdict == .equal && suspected.counts.equal == 50)
        }
    }

    @Test func anyOtherFindingLeavesTheBasis() async throws {
        try await withVerificationScene { scene in
            try await scene.backUp()
            _ = try await scene.verify()
            try await suspect(scene, VerificationOverdue.name)
            #expect(try await scene.verify(isIncremental: true).first?.record.since != nil)
        }
    }

    @Test func oneInTheVaultIsComparedWholeToo() async throws {
        try await withVerificationScene(pairs: VerificationScene.pairInVault) { scene in
            try await scene.backUp()
            _ = try await scene.verify()
            #expect(try await scene.verify(isIncremental: true).first?.record.since != nil)
            try await suspect(scene, CountsDiffer.name)
            let suspected = try #require(try await scene.verify(isIncremental: true).first).record
            #expect(suspected.since == nil && suspected.counts.equal == 50)
        }
    }
}
