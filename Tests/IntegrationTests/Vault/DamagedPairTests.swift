import CouchDB
import CouchSim
import Foundation
import GRDB
import Secrets
import Service
import Supervision
import Testing
import Vault

/// Damage of a pair's backup that only single rows have is told, mended where the source still has it, and proves nothing.
@Suite(.timeLimit(.minutes(3)))
struct DamagedPairTests {
    private func damage(_ scene: VaultPairScene, _ sql: String) async throws {
        let vault = try await Vault(at: scene.vault, create: false, now: Date())
        let folder = try #require(try await vault.entries().first?.folder)
        let queue = try DatabaseQueue(path: "\(scene.vault)/\(folder)/database.sqlite")
        try await queue.write { try $0.execute(sql: sql) }
        try queue.close()
    }

    private static let anyDocument = "(SELECT min(id) FROM leaf)"

    private func edit(_ scene: VaultPairScene) throws {
        for number in 1...5 { try scene.production.put("document-\(number)", ["edited": true], in: "orders") }
    }

    @Test func aCheckThatMendsTellsOfIt() async throws {
        try await withVaultPairScene { scene in
            #expect(try await scene.keeper.check().exitCode == 0)
            try await damage(scene, "UPDATE leaf SET hash = hash + 1 WHERE id = \(Self.anyDocument)")
            try edit(scene)
            let told = try await scene.keeper.check()
            #expect(told.exitCode == 15, "\(told.details)")
            let finding = try #require(told.finding("backup-damaged"), "\(told.details)")
            #expect(finding.severity == .critical && finding.summary.contains("1 revision"), "\(finding)")
            #expect(finding.summary.contains("moment #2 has all"), "\(finding)")
            #expect(told.alarms == ["backup-damaged @ orders"], "\(told.alarms)")
            #expect(told.report.pairs.first?.lights.replicating.state == .problem)
            let still = try await scene.keeper.check()
            #expect(still.exitCode == 15 && still.finding("backup-damaged")?.since == finding.since, "\(still.details)")
            #expect(try await scene.keeper.run("drill", "orders", "--in-memory").exitCode == 0)
            #expect(try await scene.keeper.check("--adopt").exitCode == 0)
            #expect(try await scene.keeper.check().exitCode == 0)
            #expect(try await Program.run(["explain", "backup-damaged"]).exitCode == 0)
        }
    }

    /// A row that is gone, of a document that nobody edits: what is left is equal to the source's other documents.
    @Test(arguments: [false, true]) func aRepairOfThePairMendsTheRowsToo(alsoOfSettings: Bool) async throws {
        try await withVaultPairScene { scene in
            #expect(try await scene.keeper.check().exitCode == 0)
            try await damage(scene, "DELETE FROM leaf WHERE id = \(Self.anyDocument)")
            if alsoOfSettings { try await damage(scene, "UPDATE setting SET hash = hash + 1 WHERE kind = 'security'") }
            let found = try await scene.keeper.run("verify", "orders")
            #expect(found.exitCode == 10, "\(found)")
            let repaired = try await scene.keeper.run("repair", "orders")
            #expect(repaired.exitCode == 15 && repaired.errors.contains("was damaged (1 revision"), "\(repaired)")
            #expect(try await scene.moments().map(\.leaves) == [5, 5])
            // It has none of them, and a restore of it would be open to everybody.
            #expect(try await scene.moments().last?.isComplete == !alsoOfSettings)
            #expect(try await scene.keeper.run("verify", "orders").exitCode == 0)
            let drilled = try await scene.keeper.run("drill", "orders", "--in-memory")
            #expect(drilled.exitCode == (alsoOfSettings ? 3 : 0), "\(drilled)")
            #expect(try await scene.keeper.run("backup").exitCode == 0)
            #expect(try await scene.moments().map(\.leaves) == [5, 5, 5])
            #expect(try await scene.moments().last?.isComplete == true)
            #expect(try await scene.keeper.run("drill", "orders", "--in-memory").exitCode == 0)
        }
    }

    /// All documents are there again, and the moment speaks of one more than there is.
    @Test func equalToWhatIsLeftProvesNothing() async throws {
        try await withVaultPairScene { scene in
            #expect(try await scene.keeper.check().exitCode == 0)
            try await damage(scene, "DELETE FROM leaf WHERE id = \(Self.anyDocument)")
            try edit(scene)
            #expect(try await scene.keeper.run("backup").exitCode == 0)
            for level in ["revisions", "bodies"] {
                let run = try await scene.keeper.run("verify", "orders", "--level", level)
                #expect(run.exitCode == 15, "\(run)")
            }
            #expect(try await scene.moments().allSatisfy { $0.verified == nil })
            let url = "\(scene.production.baseURL)/orders"
            let account = ["--user", scene.production.administrator]
            let environment = ["COUCHKEEP_PASSWORD": scene.production.password.reveal()]
            func run(_ words: [String]) async throws -> Program.Run {
                try await Program.run(words + account, environment: environment, in: scene.keeper.folder)
            }
            let verified = try await run(["verify", url, "vault:orders", "--vault", scene.vault])
            #expect(verified.exitCode == 15 && verified.errors.contains("vault repair orders --from"), "\(verified)")

            let repaired = try await run(["vault", "repair", "orders", "--from", url, "--vault", scene.vault])
            #expect(repaired.exitCode == 15 && repaired.output.contains("set aside: 1 revision"), "\(repaired)")
            #expect(try await scene.keeper.run("backup").exitCode == 0)
            #expect(try await run(["verify", url, "vault:orders", "--vault", scene.vault]).exitCode == 0)
            #expect(try await scene.moments().last?.verified != nil)
        }
    }

    @Test func aMomentThatCannotBeReadIsToldUntilItIsPruned() async throws {
        try await withVaultPairScene { scene in
            #expect(try await scene.keeper.check().exitCode == 0)
            try scene.production.fill("orders", prefix: "later", count: 1)
            #expect(try await scene.keeper.check().exitCode == 0)
            try await damage(scene, "UPDATE moment SET documents = documents + 1 WHERE id = 2")
            let told = try await scene.keeper.check()
            #expect(told.exitCode == 15 && told.finding("backup-lost") == nil, "\(told.details)")
            let finding = try #require(told.finding("backup-damaged"), "\(told.details)")
            #expect(finding.summary.contains("#2"), "\(finding)")
            try scene.production.fill("orders", prefix: "last", count: 1)
            #expect(try await scene.keeper.run("backup").exitCode == 0)
            let plan = try await scene.keeper.run("vault", "prune", "orders", "--last", "1")
            #expect(plan.output.contains("its row is damaged") && plan.output.contains("3 moments"), "\(plan)")
            let pruned = try await scene.keeper.run("vault", "prune", "orders", "--last", "1", "--confirm")
            #expect(pruned.exitCode == 0 && pruned.output.contains("Dropped 3 moments"), "\(pruned)")
            #expect(try await scene.keeper.run("vault", "check", "--read-data").exitCode == 0)
            #expect(try await scene.keeper.check().exitCode == 0)
        }
    }

    /// A comparison of revisions can't see it, and must not make it forgotten.
    @Test func contentThatCannotBeReadIsToldUntilItIsReadAgain() async throws {
        try await withVaultPairScene { scene in
            #expect(try await scene.keeper.check().exitCode == 0)
            try await damage(scene, "UPDATE body SET data = zeroblob(length(data)) WHERE id = \(Self.anyDocument)")
            let bodies = try await scene.keeper.run("verify", "orders", "--level", "bodies")
            #expect(bodies.exitCode == 15, "\(bodies)")
            #expect(try await scene.keeper.run("verify", "orders").exitCode == 0)
            let told = try await scene.keeper.check()
            let finding = try #require(told.finding("backup-differs"), "\(told.details)")
            #expect(
                finding.severity == .critical && finding.next.hasPrefix("couchkeep vault repair orders"), "\(finding)")
            #expect(told.report.pairs.first?.lights.verified.state == .problem)

            let repaired = try await Program.run(
                [
                    "vault", "repair", "orders", "--from", "\(scene.production.baseURL)/orders", "--vault", scene.vault,
                    "--user", scene.production.administrator,
                ], environment: ["COUCHKEEP_PASSWORD": scene.production.password.reveal()], in: scene.keeper.folder)
            #expect(repaired.exitCode == 0, "\(repaired)")
            #expect(try await scene.keeper.run("verify", "orders", "--level", "bodies").exitCode == 0)
            #expect(try await scene.keeper.check().exitCode == 0)
        }
    }
}
