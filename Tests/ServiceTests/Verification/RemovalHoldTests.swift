import CouchSim
import Foundation
import Replication
import Supervision
import Testing

@testable import Service

/// What the last check says against removing anything from a backup, and against copying into it.
@Suite(.timeLimit(.minutes(2))) struct RemovalHoldTests {
    private let morning = Date(timeIntervalSince1970: 1_795_507_200)

    private func finding(_ rule: String) -> Finding {
        Finding(rule: rule, severity: .critical, since: morning, summary: "it is so", next: "do this")
    }

    private func report(pair: [String] = [], server: String = "a", _ servers: [String] = []) -> Report {
        Report(
            at: morning, pairs: [.sample("orders", findings: pair.map(finding)), .sample("other")],
            servers: [.sample(server, findings: servers.map(finding))], unprotected: [])
    }

    private static let key = "http://a:5984/orders -> http://b:5984/orders"

    @Test(
        "Nothing may be removed from what may be the only copy",
        arguments: [
            SourceReplaced.name, SourceRolledBack.name, MassDeletion.name,
        ])
    func ofThePair(rule: String) throws {
        let hold = try #require(RemovalHold(Self.key, in: report(pair: [CountsDiffer.name, rule])))
        #expect(hold.finding.rule == rule && hold.pair == "orders")
        #expect("\(hold)".contains("\(rule): it is so") && "\(hold)".hasSuffix("do this"), "\(hold)")
        #expect(RemovalHold("http://a:5984/other -> http://b:5984/other", in: report(pair: [rule])) == nil)
    }

    @Test(arguments: ["a", "b"])
    func ofItsServers(server: String) {
        #expect(
            RemovalHold(Self.key, in: report(server: server, [ServerReplaced.name]))?.finding.rule == "server-replaced")
        #expect(RemovalHold(Self.key, in: report(server: "c", [ServerReplaced.name])) == nil)
        #expect(RemovalHold(Self.key, in: report(server: server, [ServerUnreachable.name])) == nil)
    }

    @Test func elseItMay() {
        #expect(RemovalHold(Self.key, in: nil) == nil)
        #expect(RemovalHold(Self.key, in: report(pair: [CountsDiffer.name])) == nil)
        #expect(RemovalHold("unknown", in: report(pair: [SourceReplaced.name])) == nil)
    }

    @Test("A check copies nothing into the backup of a pair one of whose servers was replaced")
    func aReplacedServerIsNotFilled() throws {
        for server in ["a", "b"] {
            let report = report(server: server, [ServerReplaced.name])
            #expect(!VerificationPass.mayRepair(try #require(report.pairs.first), in: report))
        }
        for report in [report(), report(server: "c", [ServerReplaced.name]), report([ServerUnreachable.name])] {
            #expect(VerificationPass.mayRepair(try #require(report.pairs.first), in: report))
        }
        var inVault = report(server: "a", [ServerReplaced.name]).pairs[0]
        inVault.target = "vault:orders"
        #expect(!VerificationPass.mayRepair(inVault, in: report(server: "a", [ServerReplaced.name])))
        #expect(VerificationPass.mayRepair(inVault, in: report(server: "b", [ServerReplaced.name])))
    }

    @Test("A repair that would remove something is refused before it looks, and a dry run says why")
    func aRepairIsRefused() async throws {
        try await withVerificationScene { scene in
            try await scene.backUp()
            let state = try scene.state
            let last = try #require(try await state.lastReport())
            var pair = try #require(last.pairs.first)
            pair.findings = [finding(SourceReplaced.name)]
            try await state.store(last.with(pairs: [pair]))
            await #expect(throws: RemovalHold.self) {
                try await scene.desk().repairing("orders", verification: nil, removing: true) { _ in }
            }
            #expect(try await scene.desk().list().isEmpty)
            let hold = try await scene.desk().repairing("orders", verification: nil, mending: false) { $0.removalHold }
            #expect(hold?.finding.rule == SourceReplaced.name)
        }
    }

    /// What happened since the last check may be what matters.
    @Test func aRepairLooksBeforeItRemoves() async throws {
        try await withVerificationScene { scene in
            try await scene.backUp()
            try scene.production.dropDatabase("orders")
            scene.production.makeDatabases("orders")
            try scene.production.fill("orders", prefix: "new", count: 2)
            let hold = await #expect(throws: RemovalHold.self) {
                try await scene.desk().repairing("orders", verification: nil, removing: true) { _ in }
            }
            #expect(hold?.finding.rule == SourceReplaced.name, "\(String(describing: hold))")
            #expect(try await scene.desk().list().isEmpty)
        }
    }

    /// Nobody has to remember the old database: the servers tell when they made theirs.
    @Test func aSourceThatWasMadeAnewLeavesWhatItsBackupHas() async throws {
        try await withVerificationScene { scene in
            for _ in 0..<3 {
                try scene.production.dropDatabase("orders")
                scene.production.makeDatabases("orders")
            }
            try scene.production.fill("orders", prefix: "new", count: 2)
            let outcome = try #require(try await scene.verify().first)
            #expect(outcome.record.counts.extra == 50)
            let reasons = outcome.differences.compactMap { $0.reason?.code }
            #expect(reasons.contains(.olderThanSource))
            let plan = ExtraRemoval.plan(outcome.differences)
            #expect(plan.removed == [] && plan.kept.count == 50)
        }
    }
}
