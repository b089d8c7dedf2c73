import Yams

extension Node {
    /// Where it begins.
    var position: FilePosition {
        mark.map { FilePosition(line: $0.line, column: $0.column) } ?? .beforeStart
    }

    /// What it is, to follow "not".
    var typeInWords: String {
        switch self {
        case .scalar: isEmptyValue ? "nothing" : "a text or number"
        case .mapping: "a mapping"
        case .sequence: "a list"
        case .alias: "an alias"
        }
    }

    /// Whether nothing stands there, or `null`.
    var isEmptyValue: Bool {
        guard case .scalar(let scalar) = self, scalar.style == .plain else { return false }
        return ["", "~", "null", "Null", "NULL"].contains(scalar.string)
    }

    /// The tag that a text with `!` in front turned into, such as `!test-*`.
    var localTag: String? {
        let tag: Tag
        switch self {
        case .scalar(let scalar): tag = scalar.tag
        case .mapping(let mapping): tag = mapping.tag
        case .sequence(let sequence): tag = sequence.tag
        case .alias(let alias): tag = alias.tag
        }
        let name = tag.description
        return name.hasPrefix("!") && name.count > 1 ? name : nil
    }
}
