/// A YAML text in which a key at a known place can be painted over, without moving anything else.
struct YAMLText {
    private var scalars: [Unicode.Scalar]

    init(_ text: String) { scalars = Array(text.unicodeScalars) }

    var string: String {
        var view = String.UnicodeScalarView()
        view.append(contentsOf: scalars)
        return String(view)
    }

    /// Replaces a key by as many characters of the private use area, others in each round.
    ///
    /// - Returns: Whether the key stood there as it is, in quotes or without.
    mutating func paint(_ key: String, at position: FilePosition, round: UInt32) -> Bool {
        guard var start = index(of: position), let paint = Unicode.Scalar(0xE000 + round) else { return false }
        let key = Array(key.unicodeScalars)
        if start < scalars.count, scalars[start] == "\"" || scalars[start] == "'" { start += 1 }
        guard !key.isEmpty, start + key.count <= scalars.count, Array(scalars[start..<start + key.count]) == key else {
            return false
        }
        scalars.replaceSubrange(start..<start + key.count, with: Array(repeating: paint, count: key.count))
        return true
    }

    /// Counts lines as libyaml does.
    private func index(of position: FilePosition) -> Int? {
        var line = 1
        var index = 0
        while line < position.line {
            guard index < scalars.count else { return nil }
            switch scalars[index] {
            case "\r" where index + 1 < scalars.count && scalars[index + 1] == "\n":
                line += 1
                index += 1
            case "\n", "\r", "\u{85}", "\u{2028}", "\u{2029}": line += 1
            default: break
            }
            index += 1
        }
        return index + position.column - 1
    }
}
