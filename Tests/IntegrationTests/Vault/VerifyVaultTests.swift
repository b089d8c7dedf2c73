import CouchDB
import CouchSim
import Foundation
import Secrets
import Testing

/// `couchkeep verify URL vault:NAME` without a configuration.
@Suite(.timeLimit(.minutes(2))) struct VerifyVaultTests {
    @Test("What was written since the backup is on its way; what the backup has lost is missing")
    func laterChanges() async throws {
        try await withSimulatedServer { server in
            server.makeDatabases("orders")
            try server.fill("orders", count: 30)
            try await withVaultScene { scene in
                func verify() async throws -> (code: Int32, answer: JSONValue) {
                    let run = try await scene.run(
                        [
                            "verify", "\(server.baseURL)/orders", "vault:orders", "--vault", scene.vault, "--user",
                            server.administrator, "--json",
                        ], environment: ["COUCHKEEP_PASSWORD": server.password.reveal()])
                    return (run.exitCode, try JSONValue(parsing: Data(run.output.utf8)))
                }
                #expect(try await scene.backUp("orders", of: server).exitCode == 0)
                let equal = try await verify()
                #expect(equal.code == 0 && equal.answer["counts"]?["equal"] == 30 && equal.answer["onTheirWay"] == 0)

                let list = try await scene.run(["vault", "list", "--vault", scene.vault, "--json"])
                let moments = try JSONValue(parsing: Data(list.output.utf8))["backups"]?.array?.first?["moments"]
                #expect(moments?.array?.first?["verified"]?.string != nil, "no prune drops it: \(list.output)")

                try server.fill("orders", prefix: "later", count: 3)
                let later = try await verify()
                #expect(later.code == 0 && later.answer["result"] == "equal", "\(later.answer)")
                #expect(later.answer["onTheirWay"] == 3 && later.answer["counts"]?["missing"] == 0)
                #expect(later.answer["differences"]?.array?.isEmpty == true)
            }
        }
    }

    @Test(
        "Against another database than its source a backup's position is none: what is missing is missing",
        arguments: [ServerVersion(1, 7, 1), ServerVersion(3, 5)])
    func anotherServer(version: ServerVersion) async throws {
        try await withSimulatedServers(ServerOptions(version: version)) { server, other in
            for each in [server, other] {
                each.makeDatabases("orders")
                try each.fill("orders", count: 12)
            }
            try other.fill("orders", prefix: "other", count: 3)
            try await withVaultScene { scene in
                #expect(try await scene.backUp("orders", of: server).exitCode == 0)
                let run = try await scene.run(
                    [
                        "verify", "\(other.baseURL)/orders", "vault:orders", "--vault", scene.vault, "--user",
                        other.administrator, "--json",
                    ], environment: ["COUCHKEEP_PASSWORD": other.password.reveal()])
                #expect(run.exitCode == 10, "\(run)")
                let answer = try JSONValue(parsing: Data(run.output.utf8))
                #expect(answer["counts"]?["missing"] == 3 && answer["onTheirWay"] == 0, "\(answer)")
            }
        }
    }
}
