import CouchDB
import CouchSim
import Foundation
import Replication
import Supervision
import Testing
import Vault

@testable import Service

/// A verification of everything that finds a moment of the vault equal marks it, so that no prune drops it.
@Suite(.timeLimit(.minutes(2))) struct VerifiedMomentTests {
    private func withScene(_ body: @Sendable (VerificationScene) async throws -> Void) async throws {
        try await withVerificationScene(pairs: VerificationScene.pairInVault) { scene in
            try await scene.backUp()
            #expect(try await scene.moments().map(\.verified) == [nil])
            try await body(scene)
        }
    }

    @Test(
        "Equal at level revisions or bodies marks the moment that was compared, and no other",
        arguments: [
            Verification.Level.revisions, .bodies,
        ])
    func whatIsEqualIsMarked(level: Verification.Level) async throws {
        try await withScene { scene in
            let outcome = try #require(try await scene.verify(level: level).first)
            #expect(outcome.record.verdict == .equal && outcome.record.target == "vault:orders")
            #expect(outcome.record.counts.equal == 50)
            let marked = try await scene.moments()
            #expect(marked.map(\.number) == [1] && marked[0].verified != nil)

            // A newer moment is another one, and the mark of the old one stays as it is.
            _ = try scene.production.put("later", in: "orders")
            try await scene.backUp()
            let both = try await scene.moments()
            #expect(both.map(\.verified) == [marked[0].verified, nil])
            #expect(try await scene.verify(level: level).map(\.record.verdict) == [.equal])
            let last = try await scene.moments()
            #expect(last[0].verified == marked[0].verified && last[1].verified != nil)
        }
    }

    @Test func onlyEqualContentTakesThePlaceOfProvedContent() async throws {
        try await withScene { scene in
            func reasons() async throws -> [[MomentDecision.Reason]] {
                try await Vault(at: "\(scene.folder.path)/vault", create: false, now: Date())
                    .withDatabase("orders", isWriting: false, now: Date()) { backup in
                        try await backup.prunePlan(KeepPolicy(last: 1), now: Date()).decisions.map(\.reasons)
                    }
            }
            #expect(try await scene.verify(level: .bodies).map(\.record.verdict) == [.equal])
            _ = try scene.production.put("later", in: "orders")
            try await scene.backUp()
            #expect(try await scene.verify(level: .revisions).map(\.record.verdict) == [.equal])
            #expect(try await reasons() == [[.lastProved], [.newest, .lastVerified, .lastComplete, .last]])
            #expect(try await scene.verify(level: .bodies).map(\.record.verdict) == [.equal])
            #expect(try await reasons() == [[], [.newest, .lastVerified, .lastProved, .lastComplete, .last]])
        }
    }

    @Test func whatIsOnItsWayDoesNotSpeakAgainstTheMoment() async throws {
        try await withScene { scene in
            _ = try scene.production.put("later", in: "orders")
            let outcome = try #require(try await scene.verify().first)
            #expect(outcome.record.verdict == .equal && outcome.record.onTheirWay == 1)
            #expect(try await scene.moments().map { $0.verified != nil } == [true])
        }
    }

    @Test func anIncrementalOneDoesNotMark() async throws {
        try await withScene { scene in
            let whole = try #require(try await scene.verify().first).record
            let mark = try await scene.moments().map(\.verified)
            _ = try scene.production.put("later", in: "orders")
            try await scene.backUp()
            let outcome = try #require(try await scene.verify(isIncremental: true).first)
            #expect(outcome.record.verdict == .equal && outcome.record.since == whole.asOf)
            let marks = try await scene.moments().map(\.verified)
            #expect(marks == mark + [nil])
        }
    }

    @Test func countsDoNotMark() async throws {
        try await withScene { scene in
            let outcomes = try await scene.verify(level: .counts)
            #expect(outcomes.map(\.record.verdict) == [.equal])
            #expect(try await scene.moments().map(\.verified) == [nil])
        }
    }

    @Test(
        "A difference does not mark, nor does it when only the backup has more",
        arguments: [
            Verification.Level.revisions, .bodies,
        ])
    func whatDiffersIsNotMarked(level: Verification.Level) async throws {
        try await withScene { scene in
            try await scene.purge("document-7", at: scene.production)
            let outcome = try #require(try await scene.verify(level: level).first)
            #expect(outcome.record.verdict == .different && outcome.record.counts.extra == 1)
            #expect(try await scene.moments().map(\.verified) == [nil])
        }
    }

    @Test func whatCouldNotBeReadIsNotMarked() async throws {
        try await withScene { scene in
            try await scene.production.stop()
            // What the source had at the last check names the pair.
            #expect(try await scene.verify().map(\.record.verdict) == [.unknown])
            #expect(try await scene.moments().map(\.verified) == [nil])
        }
    }
}
