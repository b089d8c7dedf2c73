import CouchSim
import Foundation
import Secrets
import Testing

/// An address that can't be used is told in a sentence.
@Suite(.timeLimit(.minutes(2)))
struct ServeAddressTests {
    @Test func addressesThatCannotBeHad() async throws {
        try await withSimulatedServer { source in
            try await withVaultScene { scene in
                source.makeDatabases("orders")
                #expect(try await scene.backUp("orders", of: source).exitCode == 0)
                let token = scene.path("token")
                try Data("a-long-token".utf8).write(to: URL(filePath: token))
                try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: token)
                for (options, code, word) in [
                    (["--port", "\(source.port)"], 1, "another program"), (["--port", "99999"], 2, "--port takes"),
                    (["--host", "nowhere.invalid", "--port", "0", "--token-file", token], 1, "is not known: name one"),
                    (["--host", "192.0.2.1", "--port", "0", "--token-file", token], 1, "does not have the address"),
                ] {
                    let run = try await scene.run(["serve", "--vault", scene.vault] + options)
                    #expect(run.exitCode == code && run.errors.contains(word), "\(run)")
                }
            }
        }
    }

    /// Nobody believes that a password is demanded where none is.
    @Test func credentialsThatDoNotGoTogether() async throws {
        try await withVaultScene { scene in
            let file = scene.path("secret")
            try Data("a-long-secret".utf8).write(to: URL(filePath: file))
            for (options, word) in [
                (["--password-file", file], "needs --user"), (["--token-file", file, "--user", "u"], "not both"),
                (["--token-file", file, "--password-file", file], "not both"),
            ] {
                let run = try await scene.run(["serve", "--vault", scene.vault] + options)
                #expect(run.exitCode == 2 && run.errors.contains(word), "\(run)")
            }
        }
    }

    /// A page that is not allowed as it was meant is found before it fails in a browser.
    @Test func originsThatAreNone() async throws {
        try await withVaultScene { scene in
            for (options, word) in [
                (["https://app.example.org/"], "is no origin"), (["app.example.org"], "is no origin"),
                (["null"], "sandboxed frames"), (["*", "--allow-origin", "https://app.example.org"], "give it alone"),
            ] {
                let run = try await scene.run(["serve", "--vault", scene.vault, "--allow-origin"] + options)
                #expect(run.exitCode == 2 && run.errors.contains(word), "\(run)")
            }
        }
    }

    /// `a/_replicator` is one name, and in a URL one step.
    @Test func aSlashInANameIsHintedAt() async throws {
        try await withSimulatedServer { source in
            try await withVaultScene { scene in
                let run = try await scene.backUp("a/_replicator", of: source)
                #expect(run.exitCode != 0 && run.errors.contains("%2F"), "\(run)")
                #expect(!scene.exists("vault"))
                source.faults.add(
                    Fault(
                        .failure(status: 401, error: "unauthorized", reason: "You are not authorized"),
                        pathPrefix: "/a/"))
                let asked = try await scene.backUp("a/b", of: source)
                #expect(asked.exitCode == 12 && asked.errors.contains("%2F"), "\(asked)")
                let escaped = try await scene.backUp("b%2Fnone", of: source)
                #expect(escaped.exitCode != 0 && !escaped.errors.contains("write it %2F"), "\(escaped)")
                let other = try await scene.backUp("none", of: source)
                #expect(other.exitCode != 0 && !other.errors.contains("%2F"), "\(other)")
            }
        }
    }

    /// `couchkeep serve` has none, as CouchDB's replicator wants it.
    @Test func aServerWithoutSessionsIsLoggedInToByBasicAuthentication() async throws {
        try await withSimulatedServer { source in
            try await withVaultScene { scene in
                source.makeDatabases("orders")
                try source.fill("orders", count: 3)
                source.faults.add(
                    Fault(.failure(status: 404, error: "not_found", reason: "missing"), pathPrefix: "/_session"))
                let refused = try await scene.backUp("orders", of: source)
                #expect(refused.exitCode != 0 && refused.errors.contains("--basic"), "\(refused)")
                let run = try await scene.backUp("orders", of: source, ["--basic"])
                #expect(run.exitCode == 0 && run.output.contains("3 documents"), "\(run)")
            }
        }
    }
}
