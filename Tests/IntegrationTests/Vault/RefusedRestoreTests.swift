import CouchSim
import Foundation
import Secrets
import Testing

/// What a target refuses is named with its reason, and how many there are is never cut silently.
@Suite(.timeLimit(.minutes(2)))
struct RefusedRestoreTests {
    private struct Result: Decodable {
        struct Problem: Decodable {
            var id: String
            var reason: String
        }

        var result: String
        var refused: Int?
        var different: Int
        var problems: [Problem]
    }

    @Test func refusalsAreNamedAndCounted() async throws {
        try await withSimulatedServers { source, target in
            try await withVaultScene { scene in
                try await scene.backUp(new: ["orders"], of: source, count: 300)
                target.makeDatabases("text", "json")
                for name in ["text", "json"] {
                    target.validate(name) { _ throws(CouchSim.Refusal) in throw .forbidden("not for you") }
                }
                let text = try await scene.restore("orders", to: "text", of: target)
                #expect(text.exitCode == 3, "\(text)")
                #expect(text.errors.contains("forbidden: not for you"), "\(text)")
                #expect(text.errors.contains("and 280 more refused"), "\(text)")
                #expect(text.errors.contains("--json"), "\(text)")
                // What was refused is told once.
                #expect(!text.errors.contains("differs:"), "\(text)")

                let json = try await scene.restore("orders", to: "json", of: target, ["--json"])
                let result = try JSONDecoder().decode(Result.self, from: Data(json.output.utf8))
                #expect(result.result == "incomplete" && result.refused == 300 && result.different == 300, "\(json)")
                #expect(Set(result.problems.map(\.id)).count == 300)
            }
        }
    }

    /// The proxy's limit is not CouchDB's.
    @Test func whatAProxyFindsTooLargeNamesItsLimit() async throws {
        try await withSimulatedServers { source, target in
            try await withVaultScene { scene in
                try await scene.backUp(new: ["orders"], of: source, count: 1)
                target.faults.add(
                    Fault(.page("<html>413 Request Entity Too Large</html>", status: 413), pathContains: "_bulk_docs"))
                let run = try await scene.restore("orders", to: "orders", of: target)
                #expect(run.exitCode == 3 && run.errors.contains("client_max_body_size"), "\(run)")
                // The limit was raised.
                target.faults.removeAll()
                let again = try await scene.restore("orders", to: "orders", of: target)
                #expect(again.exitCode == 16 && again.errors.contains("couchkeep repair vault:orders"), "\(again)")
                let repair = try await scene.run(
                    [
                        "repair", "vault:orders", "\(target.baseURL)/orders", "--at", "#1", "--vault", scene.vault,
                        "--user", target.administrator,
                    ], environment: ["COUCHKEEP_PASSWORD": target.password.reveal()])
                #expect(repair.exitCode == 0, "\(repair)")
                #expect(try target.leaves(of: "orders") == source.leaves(of: "orders"))
            }
        }
    }
}
