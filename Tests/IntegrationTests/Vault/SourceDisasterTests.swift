import CouchDB
import CouchSim
import Foundation
import Service
import Supervision
import Testing
import Vault

/// What happens to the source of a pair into the vault is told as it is for a pair between two servers.
@Suite(.timeLimit(.minutes(3)))
struct SourceDisasterTests {
    @Test func aMassDeletionIsToldForADay() async throws {
        try await withVaultPairScene { scene in
            try scene.production.fill("orders", prefix: "more", count: 35)
            let began = Date()
            #expect(try await scene.keeper.checkHere(now: { began }).exitCode == 0)
            for number in 1...12 { try scene.production.delete("more-\(number)", in: "orders") }
            let checked = try await scene.keeper.checkHere(now: { began.addingTimeInterval(60) })
            #expect(checked.exitCode == 1, "\(checked.details)")
            let finding = try #require(checked.finding(MassDeletion.name), "\(checked.details)")
            #expect(finding.severity == .critical && finding.summary.hasPrefix("12 documents of 40 (30 %)"))
            #expect(finding.next.contains("couchkeep restore orders --at"), "\(finding.next)")
            #expect(checked.report.pairs.first?.lights.replicating.state == .problem)
            // The past is kept, and the deletions are a moment of it.
            #expect(try await scene.moments().map(\.documents) == [40, 28])
            let later = try await scene.keeper.checkHere(now: { began.addingTimeInterval(23 * 3600) })
            #expect(later.finding(MassDeletion.name)?.since == finding.since)
            let nextDay = try await scene.keeper.checkHere(now: { began.addingTimeInterval(25 * 3600) })
            #expect(nextDay.exitCode == 0, "\(nextDay.details)")
        }
    }

    @Test func aFewDeletionsAreNothingToTell() async throws {
        try await withVaultPairScene { scene in
            try scene.production.fill("orders", prefix: "more", count: 95)
            #expect(try await scene.keeper.check().exitCode == 0)
            for number in 1...12 { try scene.production.delete("more-\(number)", in: "orders") }
            #expect(try await scene.keeper.check().exitCode == 0)
        }
    }

    @Test func aSourceThatWasMadeAnewIsToldUntilThatIsAccepted() async throws {
        try await withVaultPairScene { scene in
            #expect(try await scene.keeper.check().exitCode == 0)
            try scene.production.dropDatabase("orders")
            scene.production.makeDatabases("orders")
            try scene.production.fill("orders", prefix: "new", count: 9)
            for _ in 0..<2 {
                let checked = try await scene.keeper.check()
                #expect(checked.exitCode == 1 && checked.alarms == ["source-replaced @ orders"], "\(checked.details)")
                let finding = try #require(checked.finding(SourceReplaced.name))
                #expect(
                    finding.severity == .critical
                        && finding.next.hasSuffix("couchkeep check --adopt --only vault:orders"))
                #expect(finding.next.contains("couchkeep restore orders --at"), "\(finding.next)")
            }
            // The new one is backed up too, beside the old one's past.
            #expect(try await scene.moments().map(\.documents) == [5, 9])
            #expect(try await scene.keeper.check("--adopt", "--only", "vault:orders").exitCode == 0)
            #expect(try await scene.keeper.check().exitCode == 0)
        }
    }

    @Test func aSourceThatIsGoneIsToldAsSuch() async throws {
        try await withVaultPairScene { scene in
            #expect(try await scene.keeper.check().exitCode == 0)
            try scene.production.dropDatabase("orders")
            for _ in 0..<2 {
                let checked = try await scene.keeper.check()
                #expect(checked.exitCode == 1 && checked.alarms == ["source-missing @ orders"], "\(checked.details)")
                #expect(checked.finding(SourceMissing.name)?.summary.contains("may be the only copy") == true)
                #expect(checked.report.pairs.first?.lights.replicating.state == .problem)
            }
            #expect(try await scene.moments().count == 1)
        }
    }

    @Test func aSourceThatWentBackIsTold() async throws {
        try await withVaultPairScene { scene in
            try scene.production.fill("orders", prefix: "more", count: 20)
            let snapshot = try scene.production.snapshot(of: "orders")
            try scene.production.fill("orders", prefix: "later", count: 20)
            #expect(try await scene.keeper.check().exitCode == 0)
            try scene.production.rollback(to: snapshot)
            let checked = try await scene.keeper.check()
            #expect(checked.alarms == ["source-rolled-back @ orders"], "\(checked.details)")
            #expect(checked.finding(SourceRolledBack.name)?.next.contains("couchkeep restore orders --at") == true)
        }
    }

    /// Put back, and written to since: the counts show nothing, and the mark that the backup left does.
    @Test func aSourceThatWentBackAndGrewIsToldByItsMark() async throws {
        try await withVaultPairScene { scene in
            #expect(try await scene.keeper.check().exitCode == 0)
            let snapshot = try scene.production.snapshot(of: "orders")
            try scene.production.fill("orders", prefix: "later", count: 3)
            #expect(try await scene.keeper.check().exitCode == 0)
            try scene.production.rollback(to: snapshot)
            try scene.production.fill("orders", prefix: "other", count: 9)
            for _ in 0..<2 {
                let checked = try await scene.keeper.check()
                #expect(checked.alarms == ["source-rolled-back @ orders"], "\(checked.details)")
                #expect(checked.finding(SourceRolledBack.name)?.evidence["shownBy"]?.string?.contains("mark") == true)
            }
            #expect(try await scene.keeper.check("--adopt", "--only", "vault:orders").exitCode == 0)
            #expect(try await scene.keeper.check().exitCode == 0)
        }
    }
}
