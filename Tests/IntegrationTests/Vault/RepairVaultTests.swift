import CouchDB
import CouchSim
import Foundation
import Secrets
import Testing

/// A damaged backup is mended on the command line, and the exit code tells whether it is sound.
@Suite(.timeLimit(.minutes(2)))
struct RepairVaultTests {
    private func object(_ scene: VaultScene) throws -> URL {
        let found = FileManager.default.subpaths(atPath: scene.vault)?.first { path in
            path.contains("/objects/") && !path.hasSuffix("objects") && (path as NSString).lastPathComponent.count > 2
        }
        return URL(filePath: "\(scene.vault)/\(try #require(found))")
    }

    @Test func aDamagedAttachmentComesBackFromTheSource() async throws {
        try await withSimulatedServers { source, other in
            try await withVaultScene { scene in
                let bytes = Data(repeating: 7, count: 100_000).base64EncodedString()
                for server in [source, other] { server.makeDatabases("orders") }
                _ = try source.put(
                    "film", ["_attachments": ["file": ["content_type": "video/mp4", "data": .string(bytes)]]],
                    in: "orders")
                try source.fill("orders", count: 20)
                #expect(try await scene.backUp("orders", of: source).exitCode == 0)
                func repair(from server: SimulatedServer, _ options: [String] = []) async throws -> Program.Run {
                    try await scene.run(
                        [
                            "vault", "repair", "orders", "--from", "\(server.baseURL)/orders", "--user",
                            server.administrator, "--vault", scene.vault,
                        ] + options, environment: ["COUCHKEEP_PASSWORD": server.password.reveal()])
                }
                let idle = try await repair(from: source)
                #expect(idle.exitCode == 0 && idle.output.contains("nothing to repair; sound"), "\(idle)")

                let file = try object(scene)
                try Data(repeating: 6, count: 100_000).write(to: file)
                let check = try await scene.run(["vault", "check", "--read-data", "--vault", scene.vault])
                #expect(check.exitCode == 15 && check.output.contains("vault repair orders --from URL"), "\(check)")
                // A server that has it not.
                let left = try await repair(from: other, ["--json"])
                let result = try JSONValue(parsing: Data(left.output.utf8))
                #expect(left.exitCode == 15 && result["schema"] == "couchkeep/vault-repair/1", "\(left)")
                #expect(result["result"] == "damaged" && result["damaged"] == 1 && result["repaired"] == 0, "\(left)")
                #expect(result["left"]?.array?.first?["id"] == "film", "\(left)")
                #expect(result["left"]?.array?.first?["part"] == "attachment", "\(left)")
                let words = try await repair(from: other)
                #expect(words.exitCode == 15 && words.output.contains("STILL DAMAGED: 1 problem"), "\(words)")
                #expect(words.errors.contains("left: “film” 1-"), "\(words)")

                let mended = try await repair(from: source)
                #expect(mended.exitCode == 0, "\(mended)")
                #expect(mended.output == "orders: 1 of 1 damaged revision repaired; sound, everything was read\n")
                #expect(try Data(contentsOf: file) == Data(repeating: 7, count: 100_000))
            }
        }
    }
}
