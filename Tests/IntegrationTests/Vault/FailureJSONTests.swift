import CouchSim
import Foundation
import Secrets
import Testing

/// With `--json` a failure is an object too.
@Suite(.timeLimit(.minutes(2)))
struct FailureJSONTests {
    private struct Failed: Decodable {
        var schema: String
        var backup: String?
        var result: String?
        var code: String?
        var reason: String?
    }

    /// The objects that were printed one behind another.
    private func objects(_ text: String) throws -> [Failed] {
        try text.replacing("}\n{", with: "}\u{0}{").split(separator: "\u{0}").map {
            try JSONDecoder().decode(Failed.self, from: Data($0.utf8))
        }
    }

    @Test func aDatabaseThatFailedHasItsObject() async throws {
        try await withSimulatedServers { source, target in
            try await withVaultScene { scene in
                let login = ["--vault", scene.vault, "--user", source.administrator, "--json"]
                let environment = ["COUCHKEEP_PASSWORD": source.password.reveal()]
                source.makeDatabases("a", "b", "c")
                source.faults.add(
                    Fault(.failure(status: 403, error: "forbidden", reason: "not for you"), database: "b"))
                let backup = try await scene.run(
                    ["backup", source.baseURL, "--all-databases"] + login, environment: environment)
                let made = try objects(backup.output)
                #expect(backup.exitCode == 12, "\(backup)")
                #expect(made.first { $0.backup == "b" }?.result == "failed", "\(backup)")
                #expect(made.first { $0.backup == "b" }?.code == "forbidden", "\(backup)")
                #expect(made.first { $0.backup == "b" }?.reason?.contains("not for you") == true, "\(backup)")
                #expect(made.contains { $0.backup == "c" && $0.result == "ok" }, "\(backup)")

                target.makeDatabases("a")
                try target.fill("a", count: 1)
                let restore = try await scene.run(
                    ["restore", "--all-databases", "--to", target.baseURL] + login,
                    environment: ["COUCHKEEP_PASSWORD": target.password.reveal()])
                let restored = try objects(restore.output)
                #expect(restored.first { $0.backup == "a" }?.code == "target-not-empty", "\(restore)")
                #expect(restored.contains { $0.backup == "c" && $0.result == "equal" }, "\(restore)")
            }
        }
    }

    @Test func aSingleFailureHasAnObject() async throws {
        try await withSimulatedServer { source in
            try await withVaultScene { scene in
                source.makeDatabases("orders")
                #expect(try await scene.backUp("orders", of: source).exitCode == 0)
                let user = ["--user", source.administrator]
                for (command, schema, code) in [
                    (["backup", "\(source.baseURL)/none"] + user, "backup", "not-found"),
                    (["restore", "none", "--to", "\(source.baseURL)/x"] + user, "restore", "vault-unknown-database"),
                    (["restore", "orders", "--to", "\(source.baseURL)/orders"] + user, "restore", "target-is-source"),
                    (["drill", "none", "--in-memory"], "drill", "vault-unknown-database"),
                    (["vault", "list", "none"], "vault-list", "vault-unknown-database"),
                    (["vault", "stats", "none"], "vault-stats", "vault-unknown-database"),
                    (["vault", "check", "none"], "vault-check", "vault-unknown-database"),
                ] {
                    let run = try await scene.run(
                        command + ["--vault", scene.vault, "--json"],
                        environment: ["COUCHKEEP_PASSWORD": source.password.reveal()])
                    #expect(run.exitCode != 0, "\(run)")
                    let found = try objects(run.output)
                    #expect(found.count == 1 && found.first?.schema == "couchkeep/\(schema)/1", "\(command): \(run)")
                    #expect(found.first?.result == "failed" && found.first?.code == code, "\(command): \(run)")
                    #expect(found.first?.reason?.isEmpty == false, "\(command): \(run)")
                }
            }
        }
    }
}
