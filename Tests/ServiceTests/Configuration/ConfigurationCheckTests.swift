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
              webhook: { url_command: [echo, hunter2] }
              heartbeat: { url_command: ["false"] }
              command: { argv: [/nowhere/page] }
            state: \(file)/below
            """)
        #expect(
            issues.map { "\($0.position?.line ?? 0) \($0.code)" } == [
                "5 secret-unavailable", "6 invalid-value", "10 secret-unavailable", "12 secret-unavailable",
                "13 invalid-value", "16 invalid-value", "17 secret-unavailable", "18 invalid-value", "19 invalid-value",
            ])
        #expect(issues.allSatisfy { !"\($0)".contains("hunter2") && !$0.nextStep.isEmpty })
        #expect(issues.first?.nextStep == "run: chmod 600 \(folder.path)/open")
    }
}
