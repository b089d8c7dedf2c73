/// How the target's database is named after the source's, such as `backup-{name}`.
package struct RenameTemplate: Sendable, Hashable {
    package static let placeholder = "{name}"
    /// The same name.
    package static let same = RenameTemplate(prefix: "", suffix: "")

    private let prefix: String
    private let suffix: String

    private init(prefix: String, suffix: String) {
        self.prefix = prefix
        self.suffix = suffix
    }

    /// Reads a template; nil unless it has `{name}` once and makes valid names of valid names.
    package init?(text: String) {
        let parts = text.split(separator: Self.placeholder, omittingEmptySubsequences: false)
        guard parts.count == 2 else { return nil }
        self.init(prefix: String(parts[0]), suffix: String(parts[1]))
        guard DatabaseNaming.isValid(apply(to: "a")) else { return nil }
    }

    package func apply(to name: String) -> String { prefix + name + suffix }
}

extension RenameTemplate: CustomStringConvertible {
    package var description: String { prefix + Self.placeholder + suffix }
}
