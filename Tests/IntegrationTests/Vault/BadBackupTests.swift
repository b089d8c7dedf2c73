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
