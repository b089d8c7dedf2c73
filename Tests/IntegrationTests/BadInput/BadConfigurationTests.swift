import CouchSim
import Foundation
import Testing

/// Configurations that can't be used, through the program: what is said and the exit code.
@Suite(.timeLimit(.minutes(1)))
struct BadConfigurationTests {
    /// One mistake.
    struct Mistake: Sendable, CustomTestStringConvertible {
        var name: String
        var yaml: String
        var mode = 0o600
        /// What has to be said, the place among it.
        var says: [String]

        var testDescription: String { name }
    }

    private static let servers = """
        servers:
          production: { url: "http://127.0.0.1:9" }
          standby: { url: "http://127.0.0.2:9" }

        """

    static let mistakes = [
        Mistake(
            name: "unknown key",
            yaml: servers + "pairs:\n  - { source: production, target: standby, databases: [a], mod: watch }\n",
            says: ["couchkeep.yaml:5:", "mod", "mode", "next:"]),
        Mistake(
            name: "wrong type",
            yaml: servers + "pairs:\n  - { source: production, target: standby, databases: 7 }\n",
            says: ["couchkeep.yaml:5:", "databases", "next:"]),
        Mistake(
            name: "duplicate pair",
            yaml: servers + """
                pairs:
                  - { source: production, target: standby, databases: [orders] }
                  - { source: production, target: standby, databases: [orders] }

                """, says: ["couchkeep.yaml:6:", "the same databases from production to standby", "next:"]),
        Mistake(
            name: "source equal to target",
            yaml: servers + "pairs:\n  - { source: production, target: production, databases: [orders] }\n",
            says: ["couchkeep.yaml:5:", "next:"]),
        Mistake(
            name: "readable by all, with a secret inside",
            yaml: """
                servers:
                  production: { url: "http://127.0.0.1:9", user: admin, password: known-secret }
                  standby: { url: "http://127.0.0.2:9" }
                pairs:
                  - { source: production, target: standby, databases: [a] }

                """, mode: 0o644, says: ["chmod", "next:"]),
        Mistake(
            name: "URL without scheme",
            yaml: """
                servers:
                  production: { url: couch1.example.org }
                  standby: { url: "http://127.0.0.2:9" }
                pairs:
                  - { source: production, target: standby, databases: [a] }

                """, says: ["couchkeep.yaml:2:", "http", "next:"]),
        Mistake(
            name: "not YAML", yaml: "servers: [\n", says: ["couchkeep.yaml:", "next:"]),
        Mistake(
            name: "a tab", yaml: "servers:\n\tproduction: {}\n", says: ["couchkeep.yaml:2:", "begins with a tab"]),
    ]

    @Test(arguments: mistakes)
    func isToldWithItsPlace(mistake: Mistake) async throws {
        try await withKeeper { keeper in
            try keeper.configure(mistake.yaml, mode: mistake.mode)
            for command in [
                ["check"], ["check", "--json"], ["check", "--dry-run"], ["config", "check", "--offline"],
            ] {
                let run = try await Program.run(command + ["--config", keeper.file])
                #expect(run.exitCode == 2, "\(command): \(run)")
                #expect(run.output.isEmpty, "\(command): \(run.output)")
                for text in mistake.says { #expect(run.errors.contains(text), "\(command): \(run.errors)") }
                #expect(!run.errors.contains("known-secret"))
            }
        }
    }

    @Test func noConfigurationAtAll() async throws {
        try await withKeeper { keeper in
            let run = try await Program.run(["check"], in: keeper.folder)
            // On a machine where /etc/couchkeep/couchkeep.yaml exists, that one is used.
            guard !FileManager.default.fileExists(atPath: "/etc/couchkeep/couchkeep.yaml") else { return }
            #expect(run.exitCode == 2)
            #expect(run.errors.contains("couchkeep init"), "\(run.errors)")
            let named = try await Program.run(["check", "--config", "nowhere.yaml"], in: keeper.folder)
            #expect(named.exitCode == 2)
            #expect(named.errors.contains("nowhere.yaml"))
            let unknown = try await Program.run(["chekc"])
            #expect(unknown.exitCode == 2)
            let help = try await Program.run(["--help"])
            #expect(help.exitCode == 0 && help.output.contains("SUBCOMMANDS"))
        }
    }
}
