/// A media type with its parameters, as in `multipart/mixed; boundary="…"` (RFC 2045, section 5.1).
public struct MediaType: Sendable, Hashable {
    /// The type in lower case, such as `multipart/mixed`.
    public var name: String
    /// The parameters by their names in lower case; of a name given twice the first one counts.
    public var parameters: [String: String]

    /// Makes a media type.
    public init(_ name: String, parameters: [String: String] = [:]) {
        self.name = name.lowercased()
        self.parameters = parameters
    }

    /// Reads the value of a `Content-Type` header; parameters may be quoted or not.
    ///
    /// What can't be read ends the parameters.
    public init(header: String) {
        var rest = header[...]
        let name = Self.take(from: &rest) { $0 != ";" }
        self.init(Self.trimmed(name))
        while rest.popFirst() != nil {
            let key = Self.trimmed(Self.take(from: &rest) { $0 != "=" && $0 != ";" }).lowercased()
            guard rest.first == "=" else { continue }
            rest.removeFirst()
            rest = rest.drop { $0 == " " || $0 == "\t" }
            let value: String
            if rest.first == "\"" {
                guard let quoted = Self.takeQuoted(from: &rest) else { return }
                value = quoted
                _ = Self.take(from: &rest) { $0 != ";" }
            } else {
                value = Self.trimmed(Self.take(from: &rest) { $0 != ";" })
            }
            if parameters[key] == nil { parameters[key] = value }
        }
    }

    private static func take(from rest: inout Substring, while belongs: (Character) -> Bool) -> Substring {
        let taken = rest.prefix(while: belongs)
        rest = rest[taken.endIndex...]
        return taken
    }

    /// Takes a quoted string, from the opening quotation mark on; nil where it has no end.
    private static func takeQuoted(from rest: inout Substring) -> String? {
        rest.removeFirst()
        var text = ""
        while let character = rest.popFirst() {
            switch character {
            case "\"": return text
            case "\\":
                guard let escaped = rest.popFirst() else { return nil }
                text.append(escaped)
            default: text.append(character)
            }
        }
        return nil
    }

    private static func trimmed(_ text: Substring) -> String {
        var text = text.drop { $0 == " " || $0 == "\t" }
        while text.last == " " || text.last == "\t" { text.removeLast() }
        return String(text)
    }
}
