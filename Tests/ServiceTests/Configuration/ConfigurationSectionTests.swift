import Service
import Testing

@Suite("Configuration: the table of keys")
struct ConfigurationSectionTests {
    /// Where the lines of a section stand, as `%`, in a file that is good otherwise.
    private static let frames = [
        "": "%",
        "servers.NAME": "%",
        "pairs[]": "%",
        "pairs[].databases[]": "%",
        "thresholds": "thresholds: { % }",
        "repairs": "repairs: { % }",
        "unprotected": "unprotected: { % }",
        "notify": "notify: { % }",
        "notify.email": "notify: { email: { % } }",
        "notify.webhook": "notify: { webhook: { % } }",
        "notify.webhook.headers.NAME": "notify: { webhook: { url_env: X, headers: { A: { % } } } }",
        "notify.command": "notify: { command: { % } }",
        "notify.heartbeat": "notify: { heartbeat: { % } }",
        "vault": "vault: { % }",
        "vault.keep": "vault: { keep: { % } }",
        "verify": "verify: { % }",
        "drill": "drill: { % }",
    ]

    /// Lines that a section needs beside the one of a key.
    private static let companions: [String: [(key: String, line: String)]] = [
        "servers.NAME": [("url", "url: \"http://c\"")],
        "pairs[]": [("source", "source: production"), ("target", "target: standby"), ("databases", "databases: [x]")],
        "pairs[].databases[]": [("source", "source: x"), ("target", "target: y")],
        "notify.email": [("smtp", "smtp: \"m:25\""), ("from", "from: a@b"), ("to", "to: [a@b]")],
        "notify.webhook": [("url", "url_env: X")],
        "notify.heartbeat": [("url", "url_env: X")],
        "notify.command": [("argv", "argv: [x]")],
    ]

    private static let partners = [
        "user": "password_env: X", "password": "user: u", "replication_user": "replication_password_env: X",
        "replication_password": "replication_user: u",
    ]

    private func file(_ section: ConfigurationSection, _ key: ConfigurationKey) throws -> String {
        let stem = ["_file", "_env", "_command"].reduce(key.name) {
            $0.hasSuffix($1) ? String($0.dropLast($1.count)) : $0
        }
        var lines = (Self.companions[section.path] ?? []).filter { $0.key != stem && $0.key != key.name }.map(\.line)
        lines.append("\(key.name): \(key.example)")
        if section.path != "notify.email" || stem != "ca", let partner = Self.partners[stem] { lines.append(partner) }
        let inner = lines.joined(separator: ", ")
        let servers = "servers: { production: { url: \"http://a\" }, standby: { url: \"http://b\" } }\n"
        let pairs = "pairs: [{ source: production, target: standby, databases: [\"*\"] }]\n"
        switch (section.path, key.name) {
        case ("", "servers"):
            return "servers: \(key.example.dropLast(2)), standby: { url: \"http://b\" } }\n" + pairs
        case ("", "pairs"): return servers + inner
        case ("servers.NAME", _):
            return "servers: { production: { \(inner) }, standby: { url: \"http://b\" } }\n" + pairs
        case ("pairs[]", _): return servers + "pairs: [{ \(inner) }]"
        case ("pairs[].databases[]", _):
            return servers + "pairs: [{ source: production, target: standby, databases: [{ \(inner) }] }]"
        default:
            let frame = try #require(Self.frames[section.path])
            return servers + pairs + frame.replacing("%", with: inner)
        }
    }

    /// The example of each key is one that the reader takes, and the reader knows each key of the table.
    @Test(arguments: ConfigurationSection.all) func examplesAreGood(section: ConfigurationSection) throws {
        for key in section.keys {
            let text = try file(section, key)
            #expect(Samples.issues(in: text).map(\.description) == [], "\(text)")
        }
    }

    @Test func namesAreUnique() {
        for section in ConfigurationSection.all {
            #expect(Set(section.keys.map(\.name)).count == section.keys.count)
        }
        #expect(Set(ConfigurationSection.all.map(\.path)).count == ConfigurationSection.all.count)
    }
}

extension ConfigurationSection: CustomTestStringConvertible {
    package var testDescription: String { path.isEmpty ? "the file" : path }
}
