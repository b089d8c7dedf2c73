import Secrets
import Yams

extension NotifyConfiguration {
    init(reading reader: SectionReader) {
        let email = reader.optionalSection("email", .email)
        let webhook = reader.optionalSection("webhook", .webhook)
        let command = reader.optionalSection("command", .command)
        let heartbeat = reader.optionalSection("heartbeat", .heartbeat)
        self.init(
            email: email.flatMap { EmailConfiguration(reading: $0) },
            webhook: webhook.flatMap { WebhookConfiguration(reading: $0) },
            command: command.flatMap { CommandConfiguration(reading: $0) },
            heartbeat: heartbeat.flatMap { HeartbeatConfiguration(reading: $0) })
        for (key, section) in [
            ("email", email), ("webhook", webhook), ("command", command), ("heartbeat", heartbeat),
        ] {
            if let section { reader.keep(key, section) }
        }
        remindAfter = reader.read("remind_after", .duration, default: Self.defaultRemindAfter)
        if email == nil, webhook == nil, command == nil {
            reader.report.warn(
                .doubtful, at: reader.position, "nobody is told when something is wrong",
                nextStep: "add notify: with email, webhook or command, or look at couchkeep status yourself")
        }
    }
}

extension WebhookConfiguration {
    init?(reading reader: SectionReader) {
        let url = reader.requireURL()
        let headers = Self.headers(reading: reader)
        let caFile = reader.read("ca_file", .path(from: reader.report.folder))
        guard let url else { return nil }
        self.init(url: url, headers: headers, caFile: caFile)
    }

    private static func headers(reading reader: SectionReader) -> [String: SecretSource] {
        let report = reader.report
        guard let found = reader.value("headers"),
            let mapping = YAMLMapping(found.node, path: found.path, report: report)
        else { return [:] }
        var headers: [String: SecretSource] = [:]
        var members: [EffectiveNode.Member] = []
        for entry in mapping.entries {
            let path = "\(found.path).\(entry.name)"
            let isToken =
                !entry.name.isEmpty
                && entry.name.utf8.allSatisfy {
                    (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0 | 0x20) || 0x30...0x39 ~= $0
                        || "!#$%&'*+-.^_`|~".utf8.contains($0)
                }
            guard isToken else {
                report.add(
                    .invalidValue, at: entry.position, "\(Quotation(entry.name)) can't be the name of a header",
                    nextStep: "use letters, digits and -")
                continue
            }
            guard let source = SecretSource(reading: entry, path: path, reader: reader) else { continue }
            report.note(SecretUse(path: path, source: source, purpose: .password, position: entry.position))
            headers[entry.name] = source
            members.append(.init(key: entry.name, node: .header(source, origin: .file(entry.position))))
        }
        reader.keep("headers", .mapping(members))
        return headers
    }
}

extension SecretSource {
    /// Reads a header's value: a text, or where it comes from.
    fileprivate init?(reading entry: YAMLMapping.Entry, path: String, reader: SectionReader) {
        guard case .mapping = entry.value else {
            let found = SectionReader.Found(node: entry.value, position: entry.position, path: path)
            guard let text = reader.text(of: found, expectation: "a text") else { return nil }
            self = .inline(Secret(text))
            return
        }
        let section = SectionReader(entry.value, .header, path: path, report: reader.report)
        let forms = ["file", "env", "command"].compactMap { section.value($0) }
        guard forms.count == 1, let found = forms.first else {
            reader.report.add(
                forms.isEmpty ? .missingKey : .conflictingKeys, at: entry.position,
                "\(path) must have one of file, env and command", nextStep: "write { file: PATH }")
            return nil
        }
        let source: SecretSource? =
            if section.has("file") {
                section.scalar(found, .path(from: reader.report.folder)).map { .file($0) }
            } else if section.has("env") {
                section.scalar(found, .environmentVariable).map { .environment($0) }
            } else {
                section.command(found).map { .command($0) }
            }
        guard let source else { return nil }
        self = source
    }
}

extension EffectiveNode {
    /// A header's value.
    fileprivate static func header(_ source: SecretSource, origin: Origin) -> EffectiveNode {
        let node = EffectiveNode(source, origin: origin)
        switch source {
        case .inline: return node
        case .file: return .mapping([Member(key: "file", node: node)])
        case .environment: return .mapping([Member(key: "env", node: node)])
        case .command: return .mapping([Member(key: "command", node: node)])
        }
    }
}

extension CommandConfiguration {
    init?(reading reader: SectionReader) {
        let timeout = reader.read("timeout", .duration, default: Self.defaultTimeout)
        guard let found = reader.value("argv") else {
            reader.reportMissing("argv")
            return nil
        }
        guard let argv = reader.command(found) else { return nil }
        let shown = [argv[0]] + (argv.count > 1 ? [Secret.mask] : [])
        reader.keep("argv", .list(shown.map(YAMLScalar.text), origin: .file(found.position)))
        self.init(argv: argv, timeout: timeout)
    }
}

extension HeartbeatConfiguration {
    init?(reading reader: SectionReader) {
        let url = reader.requireURL()
        let every = reader.read("every", .duration, default: Self.defaultEvery)
        let caFile = reader.read("ca_file", .path(from: reader.report.folder))
        guard let url else { return nil }
        self.init(url: url, every: every, caFile: caFile)
    }
}

extension SectionReader {
    fileprivate func requireURL() -> SecretSource? {
        let before = report.issues.count
        if let url = secret("url", purpose: .url) { return url }
        // Not when one was there but wrong, which was reported already.
        if !hasSecret("url"), report.issues.count == before { reportMissing("url") }
        return nil
    }
}
