extension VaultConfiguration {
    /// Reads the section `vault`, when it is there.
    ///
    /// - Parameter isUsed: whether a pair has the vault as its target, so that the defaults hold where the section isn't there.
    init?(reading reader: SectionReader, isUsed: Bool) {
        let found = isUsed ? reader.section("vault", .vault) : reader.optionalSection("vault", .vault)
        guard let section = found else { return nil }
        self.init(
            path: section.read("path", .path(from: reader.report.folder), default: Self.defaultPath),
            key: VaultKeySource(reading: section),
            keep: section.optionalSection("keep", .keep).map { keep in
                let value = Keep(reading: keep)
                section.keep("keep", keep)
                return value
            })
        reader.keep("vault", section)
    }
}

extension VaultKeySource {
    /// Reads the key or the passphrase of the section; nil where there is neither.
    fileprivate init?(reading section: SectionReader) {
        let passphrase = section.secret("passphrase")
        let key = section.secret("key", purpose: .vaultKey)
        if section.hasSecret("key"), section.hasSecret("passphrase") {
            section.report.add(
                .conflictingKeys, at: section.position, "\(section.path) has both a key and a passphrase",
                nextStep: "keep the one that the backups were encrypted with")
        }
        guard let source = key.map(Self.key) ?? passphrase.map(Self.passphrase) else { return nil }
        self = source
    }
}

extension VaultConfiguration.Keep {
    fileprivate init(reading reader: SectionReader) {
        self.init()
        let before = reader.report.issues.count
        within = reader.read("within", .duration)
        last = reader.read("last", .count)
        hourly = reader.read("hourly", .count)
        daily = reader.read("daily", .count)
        weekly = reader.read("weekly", .count)
        monthly = reader.read("monthly", .count)
        yearly = reader.read("yearly", .count)
        if isEmpty, reader.report.issues.count == before {
            reader.report.add(
                .invalidValue, at: reader.position, "\(reader.path) has no rule, so a prune would drop everything",
                nextStep: "set at least one of \(reader.section.keys.map(\.name).joined(separator: ", "))")
        }
    }
}

extension VerifyConfiguration {
    /// Reads the section `verify`, when it is there.
    init?(reading reader: SectionReader) {
        guard let section = reader.optionalSection("verify", .verify) else { return nil }
        self.init(
            revisions: section.read("revisions", ValueKind<Duration>.duration.or("off"), default: nil),
            bodies: section.read("bodies", ValueKind<Bodies>.bodies.or("off"), default: nil),
            budget: section.read("budget", .duration, default: Self.defaultBudget))
        reader.keep("verify", section)
    }
}
