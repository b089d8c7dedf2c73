import Secrets
import Service
import Testing

@Suite("Configuration: what is in force")
struct EffectiveConfigurationTests {
    @Test func minimalShowsDefaultsAndOrigins() throws {
        let text = try Samples.read(Samples.minimal).effective.render()
        #expect(
            text == """
                servers:
                  production:
                    url: https://couch1.example.org:6984  # couchkeep.yaml:2
                    auth: basic  # default
                    connect_timeout: 10s  # default
                    read_timeout: 1m  # default
                  standby:
                    url: https://couch2.example.org:6984  # couchkeep.yaml:3
                    auth: basic  # default
                    connect_timeout: 10s  # default
                    read_timeout: 1m  # default
                pairs:
                  - source: production  # couchkeep.yaml:5
                    target: standby  # couchkeep.yaml:6
                    databases: ["*"]  # couchkeep.yaml:7
                    rename: "{name}"  # default
                    run_on: target  # default
                    mode: manage  # default
                    create_target: true  # default
                    compare_security: true  # default
                    thresholds:
                      lag_warning: 15m  # default
                      lag_critical: 1h  # default
                      changes_warning: off  # default
                      changes_critical: off  # default
                      pending_for: 1h  # default
                      stalled_for: 10m  # default
                      crashes_per_hour: 3  # default
                      mass_deletion: 20%  # default
                    repairs:
                      per_hour: 6  # default
                      backoff: 1m  # default
                      max_backoff: 1h  # default
                thresholds:
                  lag_warning: 15m  # default
                  lag_critical: 1h  # default
                  changes_warning: off  # default
                  changes_critical: off  # default
                  pending_for: 1h  # default
                  stalled_for: 10m  # default
                  crashes_per_hour: 3  # default
                  mass_deletion: 20%  # default
                repairs:
                  per_hour: 6  # default
                  backoff: 1m  # default
                  max_backoff: 1h  # default
                unprotected:
                  report: true  # default
                  ignore: []  # default
                notify:
                  remind_after: 1d  # default

                """)
    }

    @Test("The usual folder of the vault is shown where a pair has it as its target, and only there")
    func usualVault() throws {
        let loaded = try Samples.read(Samples.minimal.replacing("target: standby", with: "target: vault"))
        #expect(loaded.effective.render().contains("\nvault:\n  path: /var/lib/couchkeep/vault  # default\n"))
        #expect(loaded.configuration.vault == VaultConfiguration())
        #expect(try !Samples.read(Samples.minimal).effective.render().contains("vault:"))
    }

    /// What is shown means the same when it is read again, wherever no part of it is hidden.
    @Test(arguments: [
        Samples.minimal, Samples.full.replacing(", read, couch]", with: "]").replacing(", --team, db", with: ""),
    ])
    func readsBackAsTheSame(text: String) throws {
        let loaded = try Samples.read(text)
        let again = try Samples.read(loaded.effective.render())
        #expect(again.configuration == loaded.configuration)
    }

    @Test func secretsSayWhereTheyAre() throws {
        let text = try Samples.read(Samples.full).effective.render()
        for line in [
            "password_file: /run/credentials/couchkeep/production  # couchkeep.yaml:5, ••• in the file",
            "replication_password_command: [vault, \"•••\"]  # couchkeep.yaml:10, ••• printed by the command vault",
            "token_env: STANDBY_TOKEN  # couchkeep.yaml:15, ••• in the environment variable STANDBY_TOKEN",
            "lag_warning: 30m  # couchkeep.yaml:29", "lag_critical: 2h  # couchkeep.yaml:36",
            "argv: [/usr/local/bin/page, \"•••\"]  # couchkeep.yaml:",
            "databases: [\"*\", \"!scratch-*\", scratch-keep, {source: orders, target: orders_backup}, \"_users\"]",
        ] {
            #expect(text.contains(line), "\(line) is not in \(text)")
        }
    }

    @Test(arguments: [
        "plain", "", "two words", "a: b", "# no comment", "null", "off", "1", "-", "!x", "*", "\"quoted\"",
        "back\\slash",
        "line\nend", "tab\there", "ümlaut", "🛋", "\u{7f}\u{85}\u{2028}\u{feff}", "it's", "{name}", "a:", "trailing ",
        "~",
        "@x", "`x`", "%x", "a#b",
    ])
    func scalarsReadBack(text: String) throws {
        // A tag of a JSON-like flow is the hardest place for a text.
        let loaded = try Samples.read(
            Samples.minimal + "\nnotify: { webhook: { url_env: X, headers: { A: \(YAMLScalar.text(text)), B: c } } }")
        #expect(
            loaded.configuration.notify.webhook?.headers == ["A": .inline(Secret(text)), "B": .inline(Secret("c"))])
    }
}
