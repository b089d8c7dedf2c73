import Yams

/// Reads one mapping of the file, key by key, with the defaults of keys that aren't there.
///
/// It reports keys that the section doesn't have and values that don't fit, and keeps what it hands out for
/// ``EffectiveConfiguration``. After an error it goes on with the default, so that one reading finds all errors.
final class SectionReader {
    /// A value, and where it stands.
    struct Found {
        let node: Node
        /// The key's place.
        let position: FilePosition
        /// The whole key, such as `servers.production.url`.
        let path: String
    }

    let section: ConfigurationSection
    let path: String
    let report: ReadingReport
    /// Where the mapping begins; nil when it isn't there, and all its keys have their defaults.
    let position: FilePosition?
    private let found: [String: Found]
    /// Whether something else than a mapping stands here, which was reported.
    private let isUnreadable: Bool
    /// The section whose values hold where this one has none.
    private let inherited: SectionReader?
    private var kept: [EffectiveNode.Member] = []

    /// - Parameters:
    ///   - node: The mapping; nil when it isn't there.
    ///   - path: Its place, such as `servers.production`; empty for the whole file.
    init(
        _ node: Node?, _ section: ConfigurationSection, path: String, report: ReadingReport,
        inheriting inherited: SectionReader? = nil
    ) {
        self.section = section
        self.path = path
        self.report = report
        self.inherited = inherited
        position = node?.position
        let mapping = node.flatMap { YAMLMapping($0, path: path, report: report) }
        isUnreadable = node != nil && mapping == nil
        var found: [String: Found] = [:]
        for entry in mapping?.entries ?? [] {
            guard section.key(entry.name) != nil else {
                Self.reportUnknown(entry, section, path: path, report: report)
                continue
            }
            let keyPath = Self.join(path, entry.name)
            if entry.value.isEmptyValue {
                report.add(
                    .wrongType, at: entry.position, "\(keyPath) has no value",
                    nextStep: "write a value after the colon, or remove the line")
            }
            found[entry.name] = Found(node: entry.value, position: entry.position, path: keyPath)
            report.note(keyPath, at: entry.position)
        }
        self.found = found
    }

    /// What stands at a key, here or in the section that this one inherits from.
    ///
    /// Nil for an empty value, too.
    func value(_ key: String) -> Found? {
        assert(section.key(key) != nil, "the section \(section.path) has no key \(key)")
        let value = found[key] ?? inherited?.value(key)
        return value.flatMap { $0.node.isEmptyValue ? nil : $0 }
    }

    /// Whether the key stands in the file, even without a value.
    func has(_ key: String) -> Bool { found[key] != nil }

    /// Where to point at for something that concerns the key.
    func position(of key: String) -> FilePosition? { found[key]?.position ?? position }

    func path(of key: String) -> String { Self.join(path, key) }

    /// Keeps what a key means, for ``EffectiveConfiguration``.
    func keep(_ key: String, _ node: EffectiveNode) { kept.append(.init(key: key, node: node)) }

    /// What was kept, in the order of the documentation.
    var effective: [EffectiveNode.Member] {
        section.keys.flatMap { key in kept.filter { $0.key == key.name } }
    }

    func reportMissing(_ key: String, _ what: String? = nil) {
        // An empty value was reported already.
        guard !has(key), !isUnreadable else { return }
        let example = section.key(key)?.example ?? ""
        report.add(
            .missingKey, at: position, "\(path(of: key)) is missing\(what.map { ": \($0)" } ?? "")",
            nextStep: "add a line such as `\(key): \(example)`")
    }

    static func join(_ path: String, _ key: String) -> String { path.isEmpty ? key : "\(path).\(key)" }

    private static func reportUnknown(
        _ entry: YAMLMapping.Entry, _ section: ConfigurationSection, path: String, report: ReadingReport
    ) {
        let names = section.keys.map(\.name)
        let meant = Spelling.suggestion(for: entry.name, among: names)
        report.add(
            .unknownKey, at: entry.position,
            "unknown key \(Quotation(entry.name))\(path.isEmpty ? "" : " in \(path)")",
            nextStep: meant.map { "did you mean \($0)?" } ?? "the keys here are \(names.joined(separator: ", "))")
    }
}
