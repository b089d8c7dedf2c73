import CouchDB
import Secrets
import Yams

extension ServerConfiguration {
    /// A name that `servers` defines, and the server where it could be read.
    struct Defined {
        let name: String
        let server: ServerConfiguration?
    }

    /// Reads the section `servers`.
    static func all(reading reader: SectionReader) -> [Defined] {
        let report = reader.report
        guard let found = reader.value("servers") else {
            reader.reportMissing("servers")
            return []
        }
        guard let mapping = YAMLMapping(found.node, path: found.path, report: report) else { return [] }
        if mapping.entries.isEmpty {
            report.add(
                .missingKey, at: found.position, "servers names no server",
                nextStep: "add a source and a target, or run: couchkeep init SOURCE TARGET")
        }
        var members: [EffectiveNode.Member] = []
        var known: [ServerURL: String] = [:]
        let servers = mapping.entries.map { entry in
            checkName(entry, report)
            let path = reader.path(of: "servers.\(entry.name)")
            report.note(path, at: entry.position)
            let section = SectionReader(entry.value, .server, path: path, report: report)
            let server = ServerConfiguration(name: entry.name, reading: section)
            members.append(.init(key: entry.name, node: .mapping(section.effective)))
            if let server {
                if let other = known[server.url] {
                    report.add(
                        .duplicateServer, at: section.position(of: "url"),
                        "\(path) has the same URL as servers.\(other)",
                        nextStep: "keep one of them, and use its name in pairs")
                }
                known[server.url] = entry.name
            }
            return Defined(name: entry.name, server: server)
        }
        reader.keep("servers", .mapping(members))
        return servers
    }

    private static func checkName(_ entry: YAMLMapping.Entry, _ report: ReadingReport) {
        let isName =
            !entry.name.isEmpty
            && entry.name.utf8.allSatisfy {
                (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0 | 0x20) || 0x30...0x39 ~= $0
                    || "._-".utf8.contains($0)
            }
        if !isName {
            report.add(
                .invalidValue, at: entry.position, "\(Quotation(entry.name)) can't be the name of a server",
                nextStep: "use letters, digits and . _ -")
        } else if entry.name == PairConfiguration.Target.vaultWord {
            report.add(
                .invalidValue, at: entry.position, "a server can't be called vault, which means the embedded vault",
                nextStep: "choose another name")
        }
    }

    private init?(name: String, reading reader: SectionReader) {
        let address = reader.require("url", .serverAddress)
        let account = Account(address: address, reading: reader)
        let token = reader.secret("token")
        if token != nil, account.user != nil || account.password != nil {
            reader.report.add(
                .conflictingKeys, at: reader.position, "\(reader.path) has both a token and a user or password",
                nextStep: "keep one of them")
        }
        let authentication = reader.read("auth", .choice, default: Authentication.basic)
        let caFile = reader.read("ca_file", .path(from: reader.report.folder))
        let replicationAddress = reader.read("replication_url", .serverAddress)
        if let replicationAddress, replicationAddress.user != nil || replicationAddress.password != nil {
            reader.report.add(
                .invalidValue, at: reader.position(of: "replication_url"),
                "\(reader.path(of: "replication_url")) holds a user or password",
                nextStep: "use replication_user and replication_password_file")
        }
        let replicationUser = reader.read("replication_user", .text)
        let replicationPassword = reader.secret("replication_password")
        if reader.has("replication_user") != reader.hasSecret("replication_password") {
            reader.report.add(
                .missingKey, at: reader.position,
                "\(reader.path) has only one of replication_user and replication_password",
                nextStep: "give both, or none to use user and password")
        }
        let connectTimeout = reader.read("connect_timeout", .duration, default: Self.defaultConnectTimeout)
        let readTimeout = reader.read("read_timeout", .duration, default: Self.defaultReadTimeout)
        guard let address else { return nil }
        self.init(
            name: name, url: address.url, user: account.user, password: account.password, token: token,
            authentication: authentication, caFile: caFile, replicationURL: replicationAddress?.url,
            replicationUser: replicationUser, replicationPassword: replicationPassword,
            connectTimeout: connectTimeout, readTimeout: readTimeout)
    }
}

extension SectionReader {
    /// Reads the name of a server, which must be there and be defined.
    ///
    /// - Parameter others: words that may stand in its place.
    func serverName(
        _ key: String, among servers: [ServerConfiguration.Defined], or others: [String] = []
    ) -> String? {
        guard let name = require(key, .text) else { return nil }
        let known = servers.map(\.name) + others
        guard !known.contains(name) else { return name }
        let meant = Spelling.suggestion(for: name, among: known)
        let list = servers.isEmpty ? "none is defined" : "defined are \(servers.map(\.name).joined(separator: ", "))"
        report.add(
            .undefinedServer, at: value(key)?.node.position ?? position,
            "\(path(of: key)): no server is called \(Quotation(name))",
            nextStep: meant.map { "did you mean \($0)?" } ?? "define it under servers; \(list)")
        return nil
    }
}

/// User and password, from their keys or from the URL.
private struct Account {
    let user: String?
    let password: SecretSource?

    init(address: ServerAddress?, reading reader: SectionReader) {
        let user = reader.read("user", .text)
        let password = reader.secret("password")
        let report = reader.report
        let position = reader.position(of: "url") ?? .beforeStart
        if let address, address.user != nil, user != nil || password != nil {
            report.add(
                .conflictingKeys, at: position, "\(reader.path) has a user in its URL and in keys of its own",
                nextStep: "take user and password out of the URL")
        }
        self.user = user ?? address?.user
        if password == nil, let inURL = address?.password {
            let source = SecretSource.inline(inURL)
            report.note(
                SecretUse(path: reader.path(of: "url"), source: source, purpose: .password, position: position))
            let origin = EffectiveNode.Origin.file(position)
            reader.keep("user", .scalar(YAMLScalar.text(address?.user ?? ""), origin: origin, remark: "in the URL"))
            reader.keep("password", EffectiveNode(source, origin: origin))
            self.password = source
        } else {
            self.password = password
        }
        let hasUser = self.user != nil || reader.has("user")
        let hasPassword = self.password != nil || reader.hasSecret("password")
        if hasUser != hasPassword {
            report.add(
                .missingKey, at: reader.position,
                hasUser ? "\(reader.path) has a user, but no password" : "\(reader.path) has a password, but no user",
                nextStep: hasUser ? "add a line such as `password_file: PATH`" : "add a line such as `user: backup`")
        }
    }
}
