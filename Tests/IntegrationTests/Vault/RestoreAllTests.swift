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
                try await scene.backUp(new: ["accounts", "orders"], of: source)
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

    /// Debug builds ended with a crash instead.
    @Test func whatFailsFirstIsTold() async throws {
        try await withVaultScene { scene in
            let server = "http://127.0.0.1:1"
            let backup = try await scene.run(["backup", server, "--all-databases", "--vault", scene.vault])
            #expect(backup.exitCode == 13 && backup.errors.contains(server), "\(backup)")
            let restore = try await scene.run(["restore", "--all-databases", "--to", server, "--vault", scene.vault])
            #expect(restore.exitCode == 2 && restore.errors.contains("[not-a-vault]"), "\(restore)")
        }
    }

    /// A run that was cut off goes on when it is run again, and what it had finished is as good as restored.
    @Test func whatARunBeforeHasFinishedIsDone() async throws {
        try await withSimulatedServers { source, target in
            try await withVaultScene { scene in
                try await scene.backUp(new: ["accounts", "orders"], of: source)
                func restore() async throws -> Program.Run {
                    try await scene.run(
                        [
                            "restore", "--all-databases", "--to", target.baseURL, "--vault", scene.vault, "--user",
                            target.administrator,
                        ], environment: ["COUCHKEEP_PASSWORD": target.password.reveal()])
                }
                #expect(try await scene.restore("accounts", to: "accounts", of: target).exitCode == 0)
                let run = try await restore()
                #expect(run.exitCode == 0 && run.output.contains("Compared: 5 documents are as they were"), "\(run)")
                #expect(try target.leaves(of: "orders") == source.leaves(of: "orders"))
                let before = try target.leaves(of: "accounts")
                #expect(try await restore().exitCode == 0)
                #expect(try target.leaves(of: "accounts") == before)
                // One that lives is another matter.
                try target.put("later", [:], in: "orders")
                let other = try await restore()
                #expect(other.exitCode == 16 && other.errors.contains("orders was not restored"), "\(other)")
            }
        }
    }

    /// What CouchDB puts into a new server by itself is no reason to refuse.
    @Test func aFreshServerTakesAll() async throws {
        try await withSimulatedServers { source, target in
            try await withVaultScene { scene in
                for server in [source, target] {
                    server.makeDatabases("_users", "_global_changes")
                    try server.put("_design/_auth", ["language": "javascript"], in: "_users")
                    try server.put("db_updates", [:], in: "_global_changes")
                }
                source.makeDatabases("orders")
                try source.fill("orders", count: 5)
                try source.put("org.couchdb.user:ann", ["type": "user", "name": "ann"], in: "_users")
                for name in ["_users", "_global_changes", "orders"] {
                    #expect(try await scene.backUp(name, of: source).exitCode == 0)
                }
                let login = ["--vault", scene.vault, "--user", target.administrator]
                let environment = ["COUCHKEEP_PASSWORD": target.password.reveal()]
                let run = try await scene.run(
                    ["restore", "--all-databases", "--to", target.baseURL] + login, environment: environment)
                #expect(run.exitCode == 0, "\(run)")
                #expect(run.errors.contains("_global_changes is left out"), "\(run)")
                #expect(try target.leaves(of: "_users") == source.leaves(of: "_users"))

                // Accounts of its own are.
                try target.put("org.couchdb.user:bob", ["type": "user", "name": "bob"], in: "_users")
                let again = try await scene.run(
                    ["restore", "_users", "--to", "\(target.baseURL)/_users"] + login, environment: environment)
                #expect(again.exitCode == 16, "\(again)")
            }
        }
    }

    /// Another version of CouchDB puts another design document there: both are there then, and no account is missing.
    @Test func accountsGoToAServerOfAnotherVersion() async throws {
        try await withSimulatedServers { source, target in
            try await withVaultScene { scene in
                try source.put("_design/_auth", ["version": 1], in: "_users")
                try target.put("_design/_auth", ["version": 2], in: "_users")
                try source.put("org.couchdb.user:ann", ["type": "user", "name": "ann"], in: "_users")
                #expect(try await scene.backUp("_users", of: source).exitCode == 0)
                let run = try await scene.restore("_users", to: "_users", of: target)
                #expect(run.exitCode == 0, "\(run)")
                let restored = try target.leaves(of: "_users")
                #expect(try restored["org.couchdb.user:ann"] == source.leaves(of: "_users")["org.couchdb.user:ann"])
            }
        }
    }
}
