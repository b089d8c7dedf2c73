import CouchSim
import Foundation
import Secrets
import Testing

/// A password inside of a URL is never repeated, wherever on the command line the URL stands.
@Suite(.timeLimit(.minutes(2)))
struct CommandLinePasswordTests {
    /// What can stand between the `:` and the `@`, and the part of it that no output may hold.
    static let passwords = [
        "geheim77", "ge@heim77", "ge/heim77", "ge heim77", "ge%40heim77", "a:heim77", "'heim77", "ge?heim77#heim77",
    ]

    static let commands = [
        ["backup", "http://127.0.0.1:9/db1", "URL"], ["backup", "URL", "URL"], ["backup", "URL", "--name", "URL"],
        ["backup", "http://127.0.0.1:9/db1", "--name", "URL"], ["backup", "http://127.0.0.1:9", "--config", "URL"],
        ["restore", "URL", "--to", "http://127.0.0.1:9/db"], ["restore", "orders", "--to", "URL", "URL"],
        ["restore", "URL", "--to", "URL", "--json"],
        ["drill", "URL", "--in-memory"], ["drill", "orders", "--server", "URL", "--in-memory"],
        ["drill", "orders", "--server", "URL"], ["vault", "list", "URL"], ["vault", "diff", "URL", "#1", "#2"],
        ["vault", "diff", "orders", "URL", "#2"], ["vault", "check", "URL"], ["vault", "check", "URL", "--json"],
        ["vault", "prune", "URL", "--last", "1"], ["vault", "prune", "orders", "--last", "URL"],
        ["vault", "prune", "orders", "--within", "URL"], ["vault", "stats", "URL"], ["serve", "URL"],
        ["serve", "--port", "URL"], ["serve", "--host", "URL", "--port", "0"], ["serve", "--at", "URL", "--port", "0"],
        ["restore", "orders", "--at", "URL", "--to", "http://127.0.0.1:9/db"],
        ["restore", "orders", "--at=URL", "--to", "http://127.0.0.1:9/db"],
        ["verify", "URL"], ["verify", "URL", "URL", "URL"], ["verify", "URL", "vault:URL"],
        ["verify", "http://127.0.0.1:9/db", "vault:orders", "--level", "URL"], ["repair", "URL", "vault:URL"],
        ["explain", "URL"], ["URL"], ["--URL"], ["status", "--max-age", "URL"], ["init", "URL", "x", "y", "URL"],
        ["key", "new", "--URL"], ["key", "export", "URL", "k"], ["backup", "URL", "--vault", "nowhere/URL"],
        ["serve", "--allow-origin", "URL"],
    ]

    @Test(arguments: commands)
    func noPasswordIsRepeated(command: [String]) async throws {
        try await withSimulatedServer { source in
            try await withVaultScene { scene in
                source.makeDatabases("orders")
                #expect(try await scene.backUp("orders", of: source).exitCode == 0)
                // A few of them with each command, each of them with a few commands.
                let turn = (Self.commands.firstIndex(of: command) ?? 0) * 3
                for offset in 0..<3 {
                    let password = Self.passwords[(turn + offset) % Self.passwords.count]
                    let scheme = (turn + offset).isMultiple(of: 4) ? "" : "http://"
                    var arguments = command.map {
                        $0.replacing("URL", with: "\(scheme)admin:\(password)@127.0.0.1:9/db2")
                    }
                    if Self.isOnVault(command) { arguments += ["--vault", scene.vault] }
                    let run = try await scene.run(arguments)
                    #expect(run.exitCode != 0, "\(arguments): \(run)")
                    #expect(!(run.output + run.errors).contains("heim77"), "\(arguments): \(run)")
                }
                let list = try await scene.run(["vault", "list", "--vault", scene.vault])
                #expect(!list.output.contains("heim77"), "\(list)")
            }
        }
    }

    private static func isOnVault(_ command: [String]) -> Bool {
        guard !command.contains("--config"), !command.contains("--vault") else { return false }
        return ["backup", "restore", "drill", "vault", "serve", "verify", "repair"].contains(command[0])
            || command.starts(with: ["key", "export"])
    }

    /// Refused before anything is stored, with a sentence that says what is wanted.
    @Test func aURLIsNoName() async throws {
        try await withSimulatedServer { source in
            try await withVaultScene { scene in
                source.makeDatabases("orders")
                let url = "http://admin:geheim77@127.0.0.1:9/db2"
                let named = try await scene.backUp("orders", of: source, ["--name", url])
                #expect(named.exitCode == 2 && named.errors.contains("is a URL"), "\(named)")
                #expect(!scene.exists("vault"))
                #expect(try await scene.backUp("orders", of: source).exitCode == 0)
                for command in [
                    ["restore", url, "--to", source.baseURL + "/x"], ["vault", "list", url], ["serve", url],
                ] {
                    let run = try await scene.run(command + ["--vault", scene.vault])
                    #expect(run.exitCode == 2 && run.errors.contains("is a URL"), "\(run)")
                    #expect(run.errors.contains("http://127.0.0.1:9/db2"), "\(run)")
                }
            }
        }
    }
}
