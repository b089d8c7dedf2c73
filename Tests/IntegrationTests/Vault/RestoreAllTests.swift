import CouchDB
import CouchSim
import Foundation
import Secrets
import Testing
import Vault

/// `restore --all-databases`: one backup that can't be restored leaves the others their turn.
@Suite(.timeLimit(.minutes(2)))
struct RestoreAllTests {
    @Test func aDamagedBackupLeavesTheOthersTheirTurn() async throws {
        try await withSimulatedServers { source, target in
            try await withVaultScene { scene in
                for name in ["accounts", "orders"] {
                    source.makeDatabases(name)
                    try source.fill(name, count: 5)
                    #expect(try await scene.backUp(name, of: source).exitCode == 0)
                }
                let vault = try await Vault(at: scene.vault, create: false, now: Date())
                let entry = try #require(try await vault.entries().first { $0.name == "accounts" })
                let file = try FileHandle(forWritingTo: URL(filePath: "\(scene.vault)/\(entry.folder)/database.sqlite"))
                try file.seek(toOffset: 100)
                try file.write(contentsOf: Data(repeating: 0xa5, count: 40_000))
                try file.close()
                let run = try await scene.run(
                    [
                        "restore", "--all-databases", "--to", target.baseURL, "--vault", scene.vault, "--user",
                        target.administrator,
                    ], environment: ["COUCHKEEP_PASSWORD": target.password.reveal()])
                #expect(run.exitCode == 15 && run.errors.contains("accounts"), "\(run)")
                #expect(target.databaseNames.contains("orders"), "\(run)")
            }
        }
    }
}
