import CouchDB
import CouchSim
import Foundation
import GRDB
import Secrets
import Testing
import Vault

/// One backup that can't be used leaves the others of its vault usable.
@Suite(.timeLimit(.minutes(2)))
struct BadBackupTests {
    enum Harm: String, CaseIterable {
        case truncated, empty, missing, newer, overwritten
    }

    /// A damaged row is told by every command, and only what it says is lost.
    @Test func aDamagedRowIsTold() async throws {
        try await withSimulatedServers { source, target in
            try await withVaultScene { scene in
                source.makeDatabases("orders")
                try source.fill("orders", count: 5)
                #expect(try await scene.backUp("orders", of: source).exitCode == 0)
                _ = try source.put("tab\tand\u{1B}[1m", ["value": 1], in: "orders")
                #expect(try await scene.backUp("orders", of: source).exitCode == 0)
                let diff = try await scene.run(["vault", "diff", "orders", "#1", "#2", "--vault", scene.vault])
                #expect(diff.exitCode == 0 && diff.output == "added\ttab\\u0009and\\u001b[1m\n", "\(diff)")
                let unnamed = try await scene.run(
                    ["backup", "\(source.baseURL)/orders", "--name", "", "--vault", scene.vault])
                #expect(unnamed.exitCode == 2, "\(unnamed)")

                try await change(
                    "UPDATE leaf SET hash = hash + 1 WHERE id = 1; UPDATE moment SET deleted = 7 WHERE id = 1",
                    in: scene)
                let list = try await scene.run(["vault", "list", "orders", "--vault", scene.vault])
                #expect(list.exitCode == 15 && list.output.contains("damaged") && list.output.contains("#2"), "\(list)")
                let check = try await scene.run(["vault", "check", "--vault", scene.vault])
                #expect(
                    check.exitCode == 15 && check.output.contains("couchkeep vault repair orders --from URL"),
                    "\(check)")
                let old = try await scene.run(
                    [
                        "restore", "orders", "--at", "#1", "--to", "\(target.baseURL)/old", "--user",
                        target.administrator, "--vault", scene.vault,
                    ], environment: ["COUCHKEEP_PASSWORD": target.password.reveal()])
                #expect(old.exitCode == 15 && !old.errors.contains("vault repair"), "\(old)")
                #expect(try await scene.restore("orders", to: "new", of: target).exitCode == 15)
                #expect(try target.leaves(of: "new").count == 5)

                _ = try source.put("document1", ["value": 9], in: "orders")
                try source.fill("orders", prefix: "more", count: 2)
                try await change("UPDATE state SET leaves = leaves + 1", in: scene)
                let backup = try await scene.backUp("orders", of: source)
                #expect(backup.exitCode == 15 && backup.output.contains("moment #3"), "\(backup)")
                #expect(backup.errors.contains("was damaged"), "\(backup)")
                #expect(try await scene.backUp("orders", of: source).exitCode == 0)
                #expect(try await scene.restore("orders", to: "again", of: target).exitCode == 0)
                #expect(try target.leaves(of: "again") == source.leaves(of: "orders"))
            }
        }
    }

    /// A dry run ends as the restore will.
    @Test func aLostDocumentIsTold() async throws {
        try await withSimulatedServers { source, target in
            try await withVaultScene { scene in
                try await scene.backUp(new: ["orders"], of: source)
                try await change("DELETE FROM body WHERE id = 2", in: scene)
                let plan = try await scene.restore("orders", to: "new", of: target, ["--dry-run"])
                #expect(plan.exitCode == 15 && plan.output.contains("  damaged   1 revision can't be read"), "\(plan)")
                #expect(try await scene.restore("orders", to: "new", of: target).exitCode == 15)
                #expect(try target.leaves(of: "new").count == 4)
            }
        }
    }

    private func change(_ sql: String, in scene: VaultScene) async throws {
        let folder = try #require(try FileManager.default.contentsOfDirectory(atPath: "\(scene.vault)/databases").first)
        let queue = try DatabaseQueue(path: "\(scene.vault)/databases/\(folder)/database.sqlite")
        try await queue.write { try $0.execute(sql: sql) }
        try queue.close()
    }

    @Test(arguments: Harm.allCases)
    func theOthersGoOn(harm: Harm) async throws {
        try await withSimulatedServer { source in
            try await withVaultScene { scene in
                try await scene.backUp(new: ["accounts", "orders", "zoo"], of: source)
                try await inflict(harm, on: "accounts", in: scene)
                let code: Int32 = harm == .newer ? 2 : 15
                let word = harm == .newer ? "[vault-newer]" : "[vault-damaged]"

                let list = try await scene.run(["vault", "list", "--vault", scene.vault])
                #expect(
                    list.exitCode == code && list.output.contains("orders") && list.output.contains("zoo"), "\(list)")
                #expect(list.output.contains("accounts"), "\(list)")
                #expect(list.errors.contains("accounts") && list.errors.contains(word), "\(list)")
                let json = try await scene.run(["vault", "list", "--vault", scene.vault, "--json"])
                #expect(json.exitCode == code && json.output.contains(#""error" : "#), "\(json)")

                let prune = try await scene.run(["vault", "prune", "--last", "1", "--confirm", "--vault", scene.vault])
                #expect(prune.exitCode == code && prune.output.contains("zoo:"), "\(prune)")
                #expect(prune.errors.contains("accounts") && prune.errors.contains(word), "\(prune)")

                let check = try await scene.run(["vault", "check", "--vault", scene.vault])
                #expect(check.exitCode == code && check.output.contains("zoo: sound"), "\(check)")
                let only = try await scene.run(["vault", "list", "orders", "--vault", scene.vault])
                #expect(only.exitCode == 0, "\(only)")
                let alone = try await scene.run(["vault", "list", "accounts", "--vault", scene.vault])
                #expect(alone.exitCode == code, "\(alone)")
                try await serves(2, ["--vault", scene.vault], naming: "accounts", in: scene)
                let named = try await scene.run(["serve", "accounts", "--port", "0", "--vault", scene.vault])
                #expect(named.exitCode == code, "\(named)")
            }
        }
    }

    @Test func aBackupWithoutSoEarlyAMomentIsLeftOut() async throws {
        try await withSimulatedServer { source in
            try await withVaultScene { scene in
                for name in ["orders", "zoo"] {
                    source.makeDatabases(name)
                    #expect(try await scene.backUp(name, of: source).exitCode == 0)
                }
                try source.fill("zoo", count: 5)
                #expect(try await scene.backUp("zoo", of: source).exitCode == 0)
                try await serves(1, ["--vault", scene.vault, "--at", "#2"], naming: "orders", in: scene)
            }
        }
    }

    /// Serves until it is told to, and stops it then.
    private func serves(
        _ count: Int, _ options: [String], naming name: String, in scene: VaultScene
    ) async throws {
        let script = """
            "$COUCHKEEP" serve --port 0 "$@" 2> served & pid=$!
            until grep -q Serving served || ! kill -0 $pid 2> /dev/null; do read -t 0.05 -u 9 || true; done 9<> <(:)
            kill -INT $pid; wait $pid; echo "code $?"; cat served
            """
        let quoted = options.map { "'\($0)'" }.joined(separator: " ")
        let run = try await Program.shell("set -- \(quoted)\n\(script)", in: scene.folder)
        #expect(run.output.contains("Serving \(count) backup") && run.output.contains(name), "\(run)")
    }

    private func inflict(_ harm: Harm, on name: String, in scene: VaultScene) async throws {
        let vault = try await Vault(at: scene.vault, create: false, now: Date())
        let entry = try #require(try await vault.entries().first { $0.name == name })
        let path = "\(scene.vault)/\(entry.folder)/database.sqlite"
        switch harm {
        case .missing: try FileManager.default.removeItem(atPath: path)
        case .newer:
            let queue = try DatabaseQueue(path: path)
            try await queue.write { try $0.execute(sql: "PRAGMA user_version = 77") }
            try queue.close()
        case .truncated, .empty, .overwritten:
            let file = try FileHandle(forWritingTo: URL(filePath: path))
            if harm == .overwritten {
                try file.write(contentsOf: Data(repeating: 0xa5, count: 40_000))
            } else {
                try file.truncate(atOffset: harm == .empty ? 0 : 20_000)
            }
            try file.close()
        }
    }
}
