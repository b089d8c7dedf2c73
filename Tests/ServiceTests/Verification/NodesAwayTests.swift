import CouchDB
import CouchSim
import Foundation
import Replication
import Supervision
import Testing
import Vault

@testable import Service

/// A pair whose source is a cluster of which so many nodes are away that acknowledged writes may be with them.
@Suite(.timeLimit(.minutes(2))) struct NodesAwayTests {
    static let others = ["a2@127.0.0.1", "a3@127.0.0.1"]

    @Test(arguments: [false, true])
    func aVerificationComesToNoVerdictAndMarksNothing(isIncremental: Bool) async throws {
        try await withVerificationScene(pairs: VerificationScene.pairInVault, otherNodes: Self.others) { scene in
            try await scene.backUp()
            scene.production.setNodesAway(Set(Self.others))
            let outcome = try #require(try await scene.verify(isIncremental: isIncremental).first)
            #expect(outcome.record.verdict == .unknown && outcome.record.doubt == .nodesAway)
            #expect(outcome.exitCode == .unknown && outcome.equal == nil)
            #expect(outcome.record.reason?.hasPrefix("2 of 3 nodes (a2@127.0.0.1, a3@127.0.0.1) are away") == true)
            #expect(try await scene.moments().map(\.verified) == [nil])

            scene.production.setNodesAway(["a2@127.0.0.1"])
            #expect(try await scene.verify(isIncremental: isIncremental).map(\.record.verdict) == [.equal])
            #expect(try await scene.moments().map { $0.verified != nil } == [true])
        }
    }

    @Test func aCheckTellsThatItsBackupMayLackWrites() async throws {
        try await withVerificationScene(pairs: VerificationScene.pairInVault, otherNodes: Self.others) { scene in
            func summary() async throws -> String? {
                let outcome = try await scene.backUp()
                return outcome.report.pairs.flatMap(\.findings).first { $0.rule == BackupIncomplete.name }?.summary
            }
            #expect(try await summary() == nil)
            scene.production.setNodesAway(Set(Self.others))
            for _ in 0..<2 {
                let told = try #require(try await summary())
                #expect(told.contains("may lack acknowledged writes: 2 of 3 nodes"), "\(told)")
            }
            scene.production.setNodesAway([])
            #expect(try await summary() == nil)
            #expect(try await scene.moments().map(\.isComplete) == [true, false, true])
        }
    }

    @Test func aRepairThatWouldRemoveSomethingIsRefusedBeforeItLooks() async throws {
        try await withVerificationScene(otherNodes: Self.others) { scene in
            scene.production.setNodesAway(["a2@127.0.0.1"])
            await #expect(throws: SourceNodesAway.self) {
                try await scene.desk().repairing("orders", verification: nil, removing: true) { _ in }
            }
            #expect(try await scene.desk().list().isEmpty)
            scene.production.setNodesAway([])
            try await scene.desk().repairing("orders", verification: nil, removing: true) { repair in
                #expect(repair.differences.isEmpty)
            }
        }
    }

    @Test func whatTheyMayHaveIsNotTakenForLost() async throws {
        try await withVerificationScene(pairs: VerificationScene.pairInVault, otherNodes: Self.others) { scene in
            func isRolledBack() async throws -> Bool {
                let outcome = try await scene.backUp()
                return outcome.report.pairs.flatMap(\.findings).contains { $0.rule == SourceRolledBack.name }
            }
            let snapshot = try scene.production.snapshot(of: "orders")
            try scene.production.fill("orders", prefix: "later", count: 20)
            #expect(try await !isRolledBack())
            try scene.production.rollback(to: snapshot)
            scene.production.setNodesAway(Set(Self.others))
            for _ in 0..<3 { #expect(try await !isRolledBack()) }
            scene.production.setNodesAway([])
            // The backup has asked all copies for what one denied, and begins an epoch.
            #expect(try await isRolledBack())
            #expect(try await scene.moments().map(\.epoch).max() == 2)
        }
    }

    @Test func whatIsOnItsWayDoesNotHideIt() async throws {
        try await withVerificationScene(pairs: VerificationScene.pairInVault, otherNodes: Self.others) { scene in
            try await scene.backUp()
            try scene.production.put("later", in: "orders")
            scene.production.setNodesAway(Set(Self.others))
            let outcome = try #require(try await scene.verify().first)
            #expect(outcome.record.onTheirWay == 1 && outcome.record.doubt == .nodesAway)
        }
    }

    @Test("What was copied is copied, also where its server is gone when its nodes are asked for")
    func aLaterLookTakesNothingBack() async throws {
        try await withVerificationScene { scene in
            let server = try ServerConnection(
                url: ServerURL(scene.standby.baseURL),
                authentication: .basic(user: scene.standby.administrator, password: scene.standby.password))
            let replica = CouchReplica(server.database("orders"))
            try await scene.standby.refuseConnections()
            for copied in [0, 3] {
                #expect(
                    try await VerificationPass.thinness(of: copied, from: replica, to: replica, before: nil) == nil)
            }
            try await scene.standby.acceptConnections()
            try await server.shutdown()
        }
    }
}
