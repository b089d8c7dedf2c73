import CouchSim
import Foundation
import Testing

/// A time as `vault list` prints it selects the moment beside which it stands.
@Suite(.timeLimit(.minutes(2)))
struct MomentTimeTests {
    @Test func theTimeInTheListSelectsItsMoment() async throws {
        try await withSimulatedServers { source, target in
            try await withVaultScene { scene in
                try await scene.backUp(new: ["orders"], of: source, count: 3)
                let list = try await scene.run(["vault", "list", "orders", "--vault", scene.vault])
                let time = try #require(list.output.firstMatch(of: /[0-9-]+T[0-9:]+Z/)).output
                let local = String(time.dropLast()).replacing("T", with: " ")
                for text in [String(time), local, String(local.dropLast(3)), time.dropLast(4) + "Z", "#1"] {
                    let run = try await scene.restore(
                        "orders", to: "orders", of: target, ["--at", text, "--dry-run"], environment: ["TZ": "UTC"])
                    #expect(run.exitCode == 0 && run.output.contains("moment #1"), "\(text): \(run)")
                }
                let early = try await scene.restore(
                    "orders", to: "orders", of: target, ["--at", "1w", "--dry-run"])
                #expect(early.exitCode == 2 && early.errors.contains("no moment is as early"), "\(early)")
            }
        }
    }
}
