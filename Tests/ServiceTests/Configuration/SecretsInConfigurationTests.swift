import Foundation
import Secrets
import Service
import Testing

@Suite("Configuration: secrets don't leave it, and files that hold them are private")
struct SecretsInConfigurationTests {
    private static let secret = "hunter2-Zq7"

    /// A good configuration with a secret in every place that may hold one.
    private static let inline = """
        servers:
          production: { url: "https://admin:\(secret)@couch1.example.org" }
          standby: { url: "https://couch2.example.org", user: backup, password: "\(secret)",
            replication_user: r, replication_password: "\(secret)" }
          third: { url: "https://couch3.example.org", token: "\(secret)" }
          fourth: { url: "https://couch4.example.org", user: backup, password_command: [echo, "\(secret)"] }
        pairs:
          - { source: production, target: standby, databases: ["*"] }
        notify:
          email: { smtp: "mail:587", user: u, password: "\(secret)", from: a@example.org, to: [b@example.org] }
          webhook: { url: "https://hooks.example.org/\(secret)", headers: { Authorization: "Bearer \(secret)" } }
          command: { argv: [page, "\(secret)"] }
          heartbeat: { url: "https://hc.example.org/\(secret)" }
        """

    @Test func notInRenderingOrDescriptions() throws {
        let loaded = try Samples.read(Self.inline)
        #expect(!loaded.effective.render().contains(Self.secret))
        #expect(
            !"\(loaded.configuration)".contains(Self.secret) || loaded.configuration.hidesAllButCommands(Self.secret))
        #expect(loaded.warnings.allSatisfy { !$0.description.contains(Self.secret) })
        #expect(loaded.effective.render().contains("password: \"•••\"  # couchkeep.yaml:2, the secret itself"))
    }

    /// Ways to write a secret that are wrong: no error may repeat it.
    @Test(arguments: [
        "servers: { a: { url: \"couch:\(secret)@host\" } }", "servers: { a: { url: \"http://u:p/\(secret)@host\" } }",
        "servers: { a: { url: \"http://u:\(secret)@host:0\" } }", "servers: { a: { url: \"ftp://u:\(secret)@host\" } }",
        "servers: { a: { url: \"http://u:\(secret)?x@host\" } }",
        "servers: { a: { url: \"http://u:\(secret)#x@host/\" } }",
        "servers: { a: { url: \"http://u:\(secret) x@host\" } }", "servers: { a: { user: u, password: [\(secret)] } }",
        "servers: { a: { user: u, password: { x: \(secret) } } }", "servers: { a: { passwrd: \(secret) } }",
        "servers: { a: { user: u, password_env: \"\(secret)\" } }", "servers: { a: { password_command: \(secret) } }",
        "servers: { a: { password_command: [x, [\(secret)]] } }", "notify: { webhook: { url: \"\(secret)\" } }",
        "notify: { heartbeat: { url: \"hooks/\(secret)\" } }", "password: \(secret)\npassword: \(secret)",
        "servers:\n  a:\n    password: \"\(secret)\n", "servers:\n  a:\n    password: \(secret)\n   url: x",
        "servers: { a: { password: *\(secret) } }", "a: &x\n  password: \(secret)\n  password: \(secret)\n{",
        "notify: { webhook: { headers: { A: [\(secret)] } } }", "notify: { command: { argv: [x, [\(secret)]] } }",
        "notify: { email: { smtp: \"u:\(secret)@mail\" } }", "servers: \(secret)", "pairs: [\(secret)]",
        "servers: { a: { url: \"http://u:\(secret)@a\", replication_url: \"http://u:\(secret)@b\" } }",
    ])
    func notInErrors(text: String) {
        let issues = Samples.issues(in: text, exposure: "0644")
        #expect(!issues.isEmpty)
        for issue in issues {
            #expect(!"\(issue)".contains(Self.secret))
        }
    }

    @Test func exposedFileWithSecretsIsRefused() throws {
        let folder = try TemporaryFolder()
        for mode in [0o644, 0o640, 0o604, 0o660, 0o622] {
            let path = try folder.file("couchkeep.yaml", Self.inline, mode: mode)
            let error = try #require(throws: ConfigurationError.self) { try ConfigurationFile.load(path) }
            #expect(error.issues.map(\.code) == [.fileExposed])
            #expect(error.issues[0].position == FilePosition(line: 2, column: 17))
            #expect(error.issues[0].message.contains("servers.production.url, servers.standby.password"))
            #expect(error.issues[0].message.contains("mode 0\(String(mode, radix: 8))"))
            #expect(error.issues[0].nextStep == "run: chmod 600 \(path), or use password_file")
            #expect(!error.description.contains(Self.secret))
        }
        for mode in [0o600, 0o400] {
            _ = try ConfigurationFile.load(try folder.file("couchkeep.yaml", Self.inline, mode: mode))
        }
        // Without a secret inside anybody may read it.
        _ = try ConfigurationFile.load(try folder.file("couchkeep.yaml", Samples.full, mode: 0o644))
    }

    @Test(arguments: [
        "url: \"https://u:p@a\"", "url: \"https://a\", token: t", "url: \"https://a\", user: u, password: p",
    ])
    func eachKindOfSecretCounts(server: String) {
        let text = """
            servers: { a: { \(server) }, b: { url: "https://b" } }
            pairs: [{ source: a, target: b, databases: [x] }]
            """
        #expect(Samples.issues(in: text, exposure: "0644").map(\.code) == [.fileExposed])
        #expect(Samples.issues(in: text).isEmpty)
    }

    @Test(arguments: [
        "webhook: { url: \"https://a/x\" }", "heartbeat: { url: \"https://a/x\" }",
        "webhook: { url_env: X, headers: { Authorization: t } }",
    ])
    func secretsOfNotifyCount(channel: String) {
        let text = Samples.minimal + "\nnotify: { \(channel) }"
        #expect(Samples.issues(in: text, exposure: "0644").map(\.code) == [.fileExposed])
        #expect(Samples.issues(in: text).isEmpty)
    }

    @Test func unreadableFiles() throws {
        let folder = try TemporaryFolder()
        func codes(_ path: String) -> [ConfigurationIssue.Code] {
            do throws(ConfigurationError) {
                _ = try ConfigurationFile.load(path)
                return []
            } catch {
                return error.issues.map(\.code)
            }
        }
        #expect(codes(folder.path + "/nowhere.yaml") == [.fileUnreadable])
        #expect(codes(folder.path) == [.fileUnreadable])
        let large = try folder.file("large.yaml", String(repeating: "#", count: 1_048_577))
        #expect(codes(large) == [.fileUnreadable])
        let latin = try folder.file("latin.yaml", "")
        try Data([0x61, 0xE9]).write(to: URL(fileURLWithPath: latin))
        #expect(codes(latin) == [.syntax])
    }
}

extension Configuration {
    /// Whether only the arguments of commands hold a text: they are no secrets by their kind, and are never rendered.
    fileprivate func hidesAllButCommands(_ text: String) -> Bool {
        var copy = self
        copy.notify.command = nil
        copy.servers.removeAll { if case .command = $0.password { true } else { false } }
        return !"\(copy)".contains(text)
    }
}
