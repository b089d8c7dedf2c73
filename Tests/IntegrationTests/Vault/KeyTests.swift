import CouchDB
import CouchSim
import Foundation
import Testing

/// Keys on the command line: what they open, and what is said where they don't.
@Suite(.timeLimit(.minutes(2)))
struct KeyTests {
    @Test func aKeyIsMadeOnceAndForItsOwnerOnly() async throws {
        try await withVaultScene { scene in
            let made = try await scene.run(["key", "new", "a.key"])
            #expect(made.exitCode == 0, "\(made)")
            #expect(try scene.mode("a.key") == 0o600)
            let line = try String(contentsOfFile: scene.path("a.key"), encoding: .utf8)
            #expect(line.hasPrefix("couchkeep-key-1:secret:") && line.hasSuffix("\n"))
            #expect(!(made.output + made.errors).contains(line.dropFirst(24).prefix(20)))
            let again = try await scene.run(["key", "new", "a.key"])
            #expect(again.exitCode == 2 && again.errors.contains("exists already"), "\(again)")
            #expect(try String(contentsOfFile: scene.path("a.key"), encoding: .utf8) == line)

            let pair = try await scene.run(["key", "new", "b.key", "--write-only"])
            #expect(pair.exitCode == 0 && pair.output.contains("b.key.write: its write key"), "\(pair)")
            #expect(try scene.mode("b.key") == 0o600 && scene.mode("b.key.write") == 0o600)
            // Both or none.
            try FileManager.default.removeItem(atPath: scene.path("b.key"))
            #expect(try await scene.run(["key", "new", "b.key", "--write-only"]).exitCode == 2)
            #expect(!scene.exists("b.key"))
        }
    }

    @Test func onlyTheRightKeyOpensABackup() async throws {
        try await withSimulatedServers { source, target in
            try await withVaultScene { scene in
                source.makeDatabases("orders")
                try source.fill("orders", count: 20)
                #expect(try await scene.run(["key", "new", "a.key"]).exitCode == 0)
                #expect(try await scene.run(["key", "new", "b.key"]).exitCode == 0)
                let first = try await scene.backUp("orders", of: source, ["--key-file", "a.key"])
                #expect(first.exitCode == 0, "\(first)")

                for options in [["--key-file", "b.key"], []] {
                    let word = options.isEmpty ? "[vault-key-missing]" : "[vault-wrong-key]"
                    let backup = try await scene.backUp("orders", of: source, options)
                    #expect(backup.exitCode == 12 && backup.errors.contains(word), "\(backup)")
                    #expect(backup.errors.contains("--key-file"), "\(backup)")
                    let restore = try await scene.run(
                        ["restore", "orders", "--to", "\(target.baseURL)/orders", "--vault", scene.vault] + options)
                    #expect(restore.exitCode == 12 && restore.errors.contains(word), "\(restore)")
                    let serve = try await scene.run(["serve", "--port", "0", "--vault", scene.vault] + options)
                    #expect(serve.exitCode == 12 && serve.errors.contains(word), "\(serve)")
                }
                // Without its key it can be listed and checked.
                #expect(try await scene.run(["vault", "list", "--vault", scene.vault]).exitCode == 0)
                #expect(try await scene.run(["vault", "check", "--read-data", "--vault", scene.vault]).exitCode == 0)
                // A new backup beside an encrypted one is not made in clear by an oversight.
                source.makeDatabases("invoices")
                let clear = try await scene.backUp("invoices", of: source)
                #expect(clear.exitCode == 12 && clear.errors.contains("are encrypted"), "\(clear)")

                #expect(target.requests.total == 0)
                let restored = try await scene.restore("orders", to: "back", of: target, ["--key-file", "a.key"])
                #expect(restored.exitCode == 0, "\(restored)")
                #expect(try target.leaves(of: "back") == source.leaves(of: "orders"))
            }
        }
    }

    @Test(arguments: [
        ["--key-file", "no.key"], ["--passphrase-file", "no.passphrase"], ["--key-file", "broken.key"],
    ])
    func aKeyThatCannotBeHadLeavesNothingBehind(options: [String]) async throws {
        try await withSimulatedServer { source in
            try await withVaultScene { scene in
                source.makeDatabases("orders")
                try Data("couchkeep-key-1:secret:AAAA\n".utf8).write(to: scene.folder.appending(path: "broken.key"))
                try FileManager.default.setAttributes(
                    [.posixPermissions: 0o600], ofItemAtPath: scene.path("broken.key"))
                let run = try await scene.backUp("orders", of: source, options)
                #expect(run.exitCode == 12, "\(run)")
                #expect(run.errors.contains(options[1]) && !run.errors.contains("AAAA"), "\(run)")
                #expect(!scene.exists("vault"))
            }
        }
    }

    @Test func aWriteKeyBacksUpAgainAndRestoresNothing() async throws {
        try await withSimulatedServers { source, target in
            try await withVaultScene { scene in
                source.makeDatabases("orders")
                try source.fill("orders", count: 10)
                #expect(try await scene.run(["key", "new", "k", "--write-only"]).exitCode == 0)
                #expect(try await scene.backUp("orders", of: source, ["--key-file", "k.write"]).exitCode == 0)
                try source.fill("orders", prefix: "later", count: 5)
                let second = try await scene.backUp("orders", of: source, ["--key-file", "k.write", "--json"])
                #expect(second.exitCode == 0 && second.output.contains(#""revisions" : 5"#), "\(second)")

                let restore = try await scene.restore("orders", to: "back", of: target, ["--key-file", "k.write"])
                #expect(restore.exitCode == 12 && restore.errors.contains("backs up, and reads nothing"), "\(restore)")
                #expect(target.requests.total == 0)
                let diff = try await scene.run([
                    "vault", "diff", "orders", "#1", "#2", "--vault", scene.vault, "--key-file", "k.write",
                ])
                #expect(diff.exitCode == 12 && diff.output.isEmpty, "\(diff)")

                let exported = try await scene.run([
                    "key", "export", "orders", "out", "--vault", scene.vault, "--key-file", "k.write",
                ])
                #expect(exported.exitCode == 12 && !scene.exists("out"), "\(exported)")

                let restored = try await scene.restore("orders", to: "back", of: target, ["--key-file", "k"])
                #expect(restored.exitCode == 0, "\(restored)")
                #expect(try target.leaves(of: "back") == source.leaves(of: "orders"))
            }
        }
    }

    @Test func aPassphraseOpensAndSoDoesTheKeyThatWasExported() async throws {
        try await withSimulatedServers { source, target in
            try await withVaultScene { scene in
                source.makeDatabases("orders")
                try source.fill("orders", count: 3)
                let right = ["COUCHKEEP_VAULT_PASSPHRASE": "a long sentence"]
                #expect(try await scene.backUp("orders", of: source, environment: right).exitCode == 0)
                let wrong = try await scene.backUp(
                    "orders", of: source, environment: ["COUCHKEEP_VAULT_PASSPHRASE": "a wrong sentence"])
                #expect(wrong.exitCode == 12 && !wrong.errors.contains("sentence"), "\(wrong)")
                let export = ["key", "export", "orders", "orders.key", "--vault", scene.vault]
                #expect(try await scene.run(export).exitCode == 12)
                #expect(!scene.exists("orders.key"))
                let exported = try await scene.run(export, environment: right)
                #expect(exported.exitCode == 0, "\(exported)")
                #expect(try scene.mode("orders.key") == 0o600)
                let halved = try await scene.run(
                    ["key", "export", "orders", "half", "--write-only", "--vault", scene.vault], environment: right)
                #expect(halved.exitCode == 16 && halved.errors.contains("no half"), "\(halved)")
                let restored = try await scene.restore("orders", to: "back", of: target, ["--key-file", "orders.key"])
                #expect(restored.exitCode == 0, "\(restored)")
            }
        }
    }
}
