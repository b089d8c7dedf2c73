/// Puts together an annotated YAML text.
struct DraftWriter {
    private var lines: [String] = []
    private static let width = 100

    var text: String { lines.joined(separator: "\n") + "\n" }

    mutating func blank() { lines.append("") }

    mutating func line(_ text: String, indent: Int) { lines.append(String(repeating: " ", count: indent) + text) }

    /// Writes a comment, broken between words.
    ///
    /// A line end in a name that a server sent can't end it.
    mutating func comment(_ text: String, indent: Int) {
        var current = ""
        for word in text.split(whereSeparator: \.isWhitespace) {
            let word = String(
                word.unicodeScalars.map { $0.properties.generalCategory == .control ? "�" : Character($0) })
            if !current.isEmpty, indent + current.count + word.count + 3 > Self.width {
                line("# \(current)", indent: indent)
                current = ""
            }
            current += current.isEmpty ? word : " \(word)"
        }
        line("# \(current)", indent: indent)
    }

    /// Writes a key with its explanation; as a comment, with an example, when there is no value.
    ///
    /// - Parameter example: one that fits this file; that of the documentation where nil.
    mutating func key(
        _ name: String, in section: ConfigurationSection, value: String? = nil, example: String? = nil,
        explains: Bool = true, showsExample: Bool = true, indent: Int
    ) {
        guard let key = section.key(name) else { return assertionFailure("\(section.path) has no key \(name)") }
        let words = [ConfigurationKey.required, ConfigurationKey.none, "see below"]
        let remark = words.contains(key.defaultText) ? "" : " Default: \(key.defaultText)."
        if explains { comment(key.meaning + remark, indent: indent) }
        if let value {
            line("\(name): \(value)", indent: indent)
        } else {
            line(showsExample ? "#\(name): \(example ?? key.example)" : "#\(name):", indent: indent)
        }
    }

    /// Writes a whole section as comments.
    mutating func section(_ name: String, _ section: ConfigurationSection, of parent: ConfigurationSection, indent: Int)
    {
        blank()
        key(name, in: parent, showsExample: false, indent: indent)
        for key in section.keys { self.key(key.name, in: section, indent: indent + 2) }
    }
}
