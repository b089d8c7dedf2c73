import Yams

extension DatabaseSelection {
    var hasWildcards: Bool {
        patterns.contains { if case .include = $0 { true } else { false } }
    }

    /// Reads the key `databases` of a pair.
    init?(reading reader: SectionReader, rename: RenameTemplate) {
        guard reader.value("databases") != nil else {
            reader.reportMissing("databases")
            return nil
        }
        guard let items = reader.list("databases") else { return nil }
        let patterns = items.compactMap { DatabasePattern(reading: reader, $0) }
        self.init(patterns, rename: rename)
        reader.keep(
            "databases",
            .list(patterns.map(\.yaml), origin: .file(reader.position(of: "databases") ?? .beforeStart)))
        guard patterns.count == items.count else { return nil }
        if patterns.allSatisfy(\.isExclusion) {
            reader.report.add(
                .invalidValue, at: reader.position(of: "databases"),
                "\(reader.path(of: "databases")) names no database to back up",
                nextStep: "begin with \"*\" for all databases")
        } else if excludesAll {
            reader.report.warn(
                .doubtful, at: reader.position(of: "databases"),
                "\(reader.path(of: "databases")) excludes all that it includes, so it backs nothing up",
                nextStep:
                    "the last pattern that fits decides: put exclusions behind what they narrow, and not behind all")
        }
    }
}

extension DatabasePattern {
    fileprivate init?(reading reader: SectionReader, _ item: SectionReader.Found) {
        if case .mapping = item.node, item.node.localTag == nil {
            let section = SectionReader(item.node, .database, path: item.path, report: reader.report)
            let source = section.require("source", .databaseName)
            let target = section.require("target", .databaseName)
            guard let source, let target else { return nil }
            self = .named(source, target: target)
            return
        }
        guard let pattern = reader.scalar(item, .databasePattern) else { return nil }
        self = pattern
    }

    /// As YAML writes it.
    fileprivate var yaml: String {
        guard case .named(let source, target: let target?) = self else { return YAMLScalar.text(description) }
        return "{source: \(YAMLScalar.text(source)), target: \(YAMLScalar.text(target))}"
    }
}

extension ValueKind where Value == DatabasePattern {
    static var databasePattern: Self {
        ValueKind(
            expectation: "a database's name or a pattern",
            parse: { text throws(InvalidValue) in
                let isExclusion = text.hasPrefix("!")
                let glob = Glob(isExclusion ? String(text.dropFirst()) : text)
                if !isExclusion, !glob.hasWildcard {
                    return try ValueKind<String>.databaseName.parse(text).map { .named($0, target: nil) }
                }
                let isPattern = glob.text.unicodeScalars.allSatisfy {
                    DatabaseNaming.isNameCharacter($0) || $0 == "*" || $0 == "?"
                }
                guard isPattern, !glob.text.isEmpty else {
                    throw InvalidValue(
                        message: "\(Quotation(text)) is no pattern of database names",
                        nextStep: "use * for any characters and ? for one; names have small letters, digits, _$()+-/")
                }
                return isExclusion ? .exclude(glob) : .include(glob)
            }, text: { YAMLScalar.text("\($0)") })
    }
}
