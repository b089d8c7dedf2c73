import CouchDB
import Secrets

extension ConfigurationDraft {
    /// The configuration, with the usual keys explained and the keys that aren't needed as comments.
    package func text() -> String {
        var writer = DraftWriter()
        writer.comment(
            "Couchkeep's configuration, written by couchkeep init. It may hold secrets: keep its mode 0600.", indent: 0)
        writer.comment(
            "A line such as #key: value is not in force; remove its # to use it. All keys are described in "
                + "docs/configuration.md. After a change run: couchkeep config check", indent: 0)
        writer.blank()
        writer.line("servers:", indent: 0)
        write(source, explains: true, to: &writer)
        write(target, explains: false, to: &writer)
        writePairs(to: &writer)
        for (name, section) in [("thresholds", ConfigurationSection.thresholds), ("repairs", .repairs)] {
            writer.section(name, section, of: .file, indent: 0)
        }
        writer.section("unprotected", .unprotected, of: .file, indent: 0)
        writeVault(to: &writer)
        writer.section("verify", .verify, of: .file, indent: 0)
        writeDrill(to: &writer)
        writeNotify(to: &writer)
        writer.blank()
        writer.key("state", in: .file, indent: 0)
        return writer.text
    }

    /// - Parameter explains: Whether keys are explained; once is enough.
    private func write(_ server: Server, explains: Bool, to writer: inout DraftWriter) {
        if let version = server.version { writer.comment("Answered as \(version).", indent: 2) }
        writer.line("\(YAMLScalar.text(server.name)):", indent: 2)
        var values = ["url": YAMLScalar.text("\(server.url)")]
        values["user"] = server.user.map(YAMLScalar.text)
        values["ca_file"] = server.caFile.map(YAMLScalar.text)
        var keys = ["url", "user"]
        let password: (key: String, value: String)? =
            switch server.password {
            case .inline(let secret): ("password", YAMLScalar.text(secret.reveal()))
            case .file(let path): ("password_file", YAMLScalar.text(path))
            case .environment(let name): ("password_env", YAMLScalar.text(name))
            case .command(let words): ("password_command", "[\(words.map(YAMLScalar.text).joined(separator: ", "))]")
            case nil: nil
            }
        if let password {
            values[password.key] = password.value
            keys.append(password.key)
        } else {
            keys.append("password_file")
        }
        keys.append("ca_file")
        if explains {
            keys += ["auth", "replication_url", "replication_user", "replication_password_file"]
            keys += ["connect_timeout", "read_timeout"]
        }
        for key in keys { writer.key(key, in: .server, value: values[key], explains: explains, indent: 4) }
    }

    private func writePairs(to writer: inout DraftWriter) {
        writer.blank()
        writer.line("pairs:", indent: 0)
        writer.comment(found, indent: 2)
        writer.comment("CouchDB's own databases, such as _users, are covered only when they are named.", indent: 2)
        writer.comment(
            "One more pair of the same source, with target: vault, keeps the past of its databases on this machine; see vault "
                + "below.", indent: 2)
        writer.line("- source: \(YAMLScalar.text(source.name))", indent: 2)
        let values = ["target": YAMLScalar.text(target.name), "databases": "[\"*\"]"]
        for key in ["target", "databases", "rename", "run_on", "mode", "create_target"] {
            writer.key(key, in: .pair, value: values[key], indent: 4)
        }
    }

    /// The databases that are there, so that whoever edits the patterns has them before the eyes.
    private var found: String {
        let shown = databases.sorted().prefix(200)
        let rest = databases.count - shown.count
        guard !shown.isEmpty else { return "No databases found yet." }
        let count = Wording.counted(databases.count, "database")
        return "\(count) found: \(shown.joined(separator: ", "))\(rest > 0 ? ", and \(rest) more" : "")."
    }

    private func writeVault(to writer: inout DraftWriter) {
        writer.blank()
        writer.key("vault", in: .file, showsExample: false, indent: 0)
        for key in ["path", "key_file", "keep"] { writer.key(key, in: .vault, indent: 2) }
    }

    private func writeDrill(to writer: inout DraftWriter) {
        writer.blank()
        writer.key("drill", in: .file, showsExample: false, indent: 0)
        for key in ConfigurationSection.drill.keys {
            writer.key(
                key.name, in: .drill, example: key.name == "server" ? YAMLScalar.text(target.name) : nil, indent: 2)
        }
    }

    private func writeNotify(to writer: inout DraftWriter) {
        writer.blank()
        writer.key("notify", in: .file, showsExample: false, indent: 0)
        let channels: [(String, ConfigurationSection, [String])] = [
            ("email", .email, ["smtp", "tls", "user", "password_file", "from", "to", "ca_file"]),
            ("webhook", .webhook, ["url_file", "headers", "ca_file"]),
            ("command", .command, ["argv", "timeout"]),
            ("heartbeat", .heartbeat, ["url_file", "every", "ca_file"]),
        ]
        for (name, section, keys) in channels {
            writer.key(name, in: .notify, showsExample: false, indent: 2)
            for key in keys { writer.key(key, in: section, indent: 4) }
        }
        writer.key("remind_after", in: .notify, indent: 2)
    }
}
