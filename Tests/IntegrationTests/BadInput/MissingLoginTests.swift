import CouchSim
import Foundation
import Secrets
import Testing

/// Whom a server does not know is told how to log in, and nothing of slashes.
@Suite(.timeLimit(.minutes(2)))
struct MissingLoginTests {
    @Test(arguments: [[], ["--user", "nobody"]]) func theWayToLogInIsTold(user: [String]) async throws {
        try await withSimulatedServer { source in
            try await withVaultScene { scene in
                source.makeDatabases("orders")
                let url = "\(source.baseURL)/orders"
                for command in [["backup", url], ["verify", url, "\(url)2"]] {
                    let run = try await scene.run(
                        command + user + ["--vault", scene.vault], environment: ["COUCHKEEP_PASSWORD": "wrong"])
                    #expect(run.exitCode == 12, "\(run)")
                    #expect(run.errors.contains("check the user and the password: --user"), "\(run)")
                    #expect(!run.errors.contains("%2F"), "\(run)")
                }
            }
        }
    }

    /// Whether the password is right CouchDB does not say then.
    @Test func aLockedAccountIsToldAsThat() async throws {
        try await withSimulatedServers { source, target in
            try await withVaultScene { scene in
                source.makeDatabases("orders")
                source.faults.add(
                    Fault(
                        .failure(
                            status: 403, error: "forbidden",
                            reason: "Account is temporarily locked due to multiple authentication failures")))
                let start = try await scene.run(
                    [
                        "init", source.baseURL, target.baseURL, "--source-user", source.administrator,
                        "--source-password-env", "RIGHT",
                    ],
                    environment: ["RIGHT": source.password.reveal()])
                #expect(start.errors.contains("the account at the source is locked for some minutes"), "\(start)")
                let backup = try await scene.backUp("orders", of: source)
                #expect(backup.errors.contains("; the account is locked for some minutes"), "\(backup)")
                for run in [start, backup] {
                    #expect(run.exitCode == 12 && run.errors.contains("[chttpd_auth_lockout]"), "\(run)")
                    #expect(!run.errors.contains("check the user and the password"), "\(run)")
                }
            }
        }
    }

    @Test func initNamesTheOptionsThatItHas() async throws {
        try await withSimulatedServers { source, target in
            try await withVaultScene { scene in
                let run = try await scene.run(
                    [
                        "init", source.baseURL, target.baseURL, "--source-user", "nobody", "--source-password-env",
                        "WRONG",
                    ],
                    environment: ["WRONG": "wrong"])
                #expect(run.exitCode == 12, "\(run)")
                #expect(run.errors.contains("--source-user, and --source-password-file"), "\(run)")
                #expect(!run.errors.contains(" --user"), "\(run)")
            }
        }
    }
}
