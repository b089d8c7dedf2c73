import CouchDB
import CouchSim
import Foundation
import GRDB
import Service
import Supervision
import Testing
import Vault

/// Sources that say of themselves that nothing was written to them.
@Suite(.timeLimit(.minutes(2)))
struct QuietSourceTests {
    private static let began = Date(timeIntervalSince1970: 1_800_000_000)

    /// Checks some minutes after the beginning, and tells which requests were made of the source.
    private func check(
        _ scene: VaultPairScene, minute: Double
    ) async throws -> (pair: PairReport, requests: [RequestLog.Kind: Int]) {
        scene.production.requests.reset()
        let time = Self.began.addingTimeInterval(minute * 60)
        let checked = try await scene.keeper.checkHere(now: { time })
        let pair = try #require(checked.report.pairs.first)
        return (pair, scene.production.requests.counted)
    }

    /// Checks until the source was seen at rest.
    private func settle(_ scene: VaultPairScene, from minute: Double = 0) async throws {
        for step in 0..<3 { _ = try await check(scene, minute: minute + Double(step)) }
    }

    @Test func isAskedForNothingElse() async throws {
        try await withVaultPairScene { scene in
            try await settle(scene)
            let (pair, requests) = try await check(scene, minute: 10)
            #expect(requests.keys.filter { $0.contains("{db}") } == ["GET /{db}"], "\(requests)")
            #expect(pair.lights.replicating.state == .ok && pair.lag == Lag(changes: 0, seconds: 0))
            #expect(
                pair.lights.replicating.summary == "caught up, moment #1, 10 min old, confirmed 0 s ago",
                "\(pair.lights.replicating)")
            // In the end it is looked at as a whole all the same.
            let (_, later) = try await check(scene, minute: 3 * 60)
            #expect(later["GET /{db}/_security"] == 1, "\(later)")
            #expect(try await scene.moments().map(\.number) == [1])
        }
    }

    @Test func aDryRunAsksAsEver() async throws {
        try await withVaultPairScene { scene in
            try await settle(scene)
            scene.production.requests.reset()
            let time = Self.began.addingTimeInterval(600)
            _ = try await scene.keeper.checkHere(PassOptions(isDryRun: true), now: { time })
            #expect(scene.production.requests.counted["GET /{db}/_changes"] == 1)
        }
    }

    enum Write: CaseIterable {
        case document, localDocument, security, revisionsLimit, recreation
    }

    @Test(arguments: Write.allCases) func isBackedUpBehindEachWrite(_ write: Write) async throws {
        try await withVaultPairScene { scene in
            try await settle(scene)
            try await scene.keeper.withConnection(to: scene.production) { connection in
                let database = connection.database("orders")
                switch write {
                case .document: try scene.production.put("new", in: "orders")
                case .localDocument: _ = try await database.putLocalDocument("settings", members: ["a": 1])
                case .security: try scene.production.setSecurity(["members": ["names": ["alice"]]], of: "orders")
                case .revisionsLimit: try await database.setRevisionsLimit(7)
                case .recreation:
                    try scene.production.dropDatabase("orders")
                    scene.production.makeDatabases("orders")
                    try scene.production.fill("orders", count: 5)
                }
            }
            let (_, requests) = try await check(scene, minute: 10)
            #expect(requests["GET /{db}/_security"] == 1, "\(requests)")
            #expect(try await scene.moments().map(\.number) == [1, 2])
        }
    }

    @Test func aVaultThatIsLostIsToldAtOnce() async throws {
        try await withVaultPairScene { scene in
            try await settle(scene)
            try scene.move("vault", to: "away")
            let (pair, _) = try await check(scene, minute: 10)
            #expect(pair.findings.map(\.rule).contains("backup-lost"), "\(pair.findings)")
            #expect(try await scene.moments().map(\.number) == [1], "a new one is better than none")
        }
    }

    @Test func aMomentMoreOrLessIsLookedAt() async throws {
        try await withVaultPairScene { scene in
            try await settle(scene)
            #expect(try await scene.keeper.run("backup").exitCode == 0)
            let (_, requests) = try await check(scene, minute: 10)
            #expect(requests["GET /{db}/_security"] == 1, "\(requests)")
        }
    }

    /// What is set aside, as damage is, takes the note of that backup along.
    @Test func aBackupThatHasToReadAgainIsMade() async throws {
        try await withVaultPairScene { scene in
            try await settle(scene)
            let vault = try await Vault(at: scene.vault, create: false, now: Date())
            let folder = try #require(try await vault.entries().first?.folder)
            let file = try DatabaseQueue(path: "\(scene.vault)/\(folder)/database.sqlite")
            try await file.write { try $0.execute(sql: "DELETE FROM checkpoint") }
            try file.close()
            let (pair, requests) = try await check(scene, minute: 10)
            #expect(requests["GET /{db}/_security"] == 1, "\(requests)")
            #expect(pair.lights.replicating.state == .ok, "\(pair.findings)")
        }
    }

    @Test func whatWasNotReadIsTriedAgainAndAgain() async throws {
        try await withVaultPairScene { scene in
            try await settle(scene)
            scene.production.faults.add(Fault(Fault.serverError, method: "GET", pathContains: "/_revs_limit"))
            _ = try await check(scene, minute: 3 * 60)
            for minute in 1...3 {
                let (_, requests) = try await check(scene, minute: 3 * 60 + Double(minute))
                #expect(requests["GET /{db}/_revs_limit"] ?? 0 >= 1, "\(requests)")
            }
        }
    }
}
