import Foundation
import Secrets
import Service
import Testing
import Vault

@Suite("config check, without a server")
struct ConfigurationCheckTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func check(_ text: String, environment: [String: String] = [:]) async throws -> [ConfigurationIssue] {
        let loaded = try ConfigurationFile.load(try folder.file("couchkeep.yaml", text, mode: 0o600))
        return try await ConfigurationCheck(loaded).run(environment: environment)
    }

    @Test func allWell() async throws {
        _ = try folder.file("password", "relax\n")
        _ = try folder.file("ca.pem", "-----BEGIN CERTIFICATE-----\n")
        let issues = try await check(
            """
            servers:
              a: { url: "http://a", user: u, password_file: password, ca_file: ca.pem }
              b: { url: "http://b", user: u, password_command: [echo, relax] }
            pairs: [{ source: a, target: b, databases: [x] }]
            notify: { webhook: { url_env: HOOK }, command: { argv: [/bin/sh, -c, "true"] } }
            state: state
            """, environment: ["HOOK": "https://hooks.example.org/x"])
        #expect(issues == [])
    }

    @Test func aVaultKeyThatIsNoneIsFound() async throws {
        let pairs = "servers: { a: { url: \"http://a\" } }\npairs: [{ source: a, target: vault, databases: [x] }]\n"
        _ = try folder.file("key", "couchkeep-key-1:secret:AAAA\n")
        let issues = try await check(pairs + "vault: { key_file: key }")
        #expect(issues.map(\.code) == [.invalidValue])
        #expect(issues.first?.description.contains("couchkeep.yaml:3:") == true, "\(issues)")
        let line = try VaultKey.make(isWriteOnly: false).line.reveal()
        #expect(try await check(pairs + "vault: { key_env: KEY }", environment: ["KEY": line]) == [])
    }

    @Test func aChannelThatCouldNeverSendIsFound() async throws {
        let environment = [
            "PASSWORD": "hunter2", "HOOK": "https://hooks.example.org/x", "HOSTLESS": "https:///hunter2",
        ]
        func faults(_ notify: String) async throws -> [ConfigurationIssue] {
            try await check("\(Samples.minimal)\nnotify:\n\(notify)\n", environment: environment)
        }
        let mail = "from: a@example.org, to: [b@example.org], user: u, password_env: PASSWORD"
        for (notify, path, words) in [
            ("  email: { smtp: \"mail.example.org:25\", tls: none, \(mail) }", "notify.email", "in clear text"),
            ("  webhook: { url_env: HOOK, headers: { Content-Type: x } }", "notify.webhook", "Content-Type"),
            ("  heartbeat: { url_env: HOSTLESS }", "notify.heartbeat", "not a web address"),
        ] {
            let issues = try await faults(notify)
            #expect(issues.map(\.code) == [.invalidValue] && issues.first?.position?.line == 9, "\(issues)")
            let text = issues.first?.description ?? ""
            #expect(text.contains("\(path): ") && text.contains(words) && !text.contains("hunter2"), "\(text)")
        }
        #expect(try await faults("  email: { smtp: \"localhost:25\", tls: none, \(mail) }") == [])
        #expect(try await faults("  webhook: { url_env: HOOK, headers: { X-Token: { env: PASSWORD } } }") == [])
    }

    @Test func everyFaultIsFoundAndPlaced() async throws {
        _ = try folder.file("open", "hunter2", mode: 0o644)
        _ = try folder.file("ca.pem", "no certificate")
        let file = try folder.file("file", "")
        let issues = try await check(
            """
            servers:
              a:
                url: http://a
                user: u
                password_file: open
                ca_file: ca.pem
              b:
                url: http://b
                user: u
                password_file: nowhere
                replication_user: r
                replication_password_env: NOT_SET
                ca_file: nowhere.pem
            pairs: [{ source: a, target: b, databases: [x] }]
            notify:
              webhook: { url_command: [echo, hunter2], ca_file: nowhere.pem }
              heartbeat: { url_command: ["false"], ca_file: nowhere.pem }
              command: { argv: [/nowhere/page] }
            state: \(file)/below
            """)
        #expect(
            issues.map { "\($0.position?.line ?? 0) \($0.code)" } == [
                "5 secret-unavailable", "6 invalid-value", "10 secret-unavailable", "12 secret-unavailable",
                "13 invalid-value", "16 invalid-value", "16 invalid-value", "17 secret-unavailable", "17 invalid-value",
                "18 invalid-value", "19 invalid-value",
            ])
        #expect(issues.allSatisfy { !"\($0)".contains("hunter2") && !$0.nextStep.isEmpty })
        #expect(issues.first?.nextStep == "run: chmod 600 \(folder.path)/open")
    }
}
