/// A pattern of database names: `*` stands for any characters, `?` for one.
package struct Glob: Sendable, Hashable {
    package let text: String

    package init(_ text: String) { self.text = text }

    package var hasWildcard: Bool { text.utf8.contains { $0 == UInt8(ascii: "*") || $0 == UInt8(ascii: "?") } }

    /// Whether the whole name fits.
    ///
    /// Takes at most pattern length times name length steps.
    package func matches(_ name: String) -> Bool {
        let pattern = Array(text.unicodeScalars)
        let name = Array(name.unicodeScalars)
        var patternIndex = 0
        var nameIndex = 0
        // Where to go on when the characters after the last `*` don't fit: it takes one more.
        var lastStar: (pattern: Int, name: Int)?
        while nameIndex < name.count {
            if patternIndex < pattern.count, pattern[patternIndex] == "*" {
                lastStar = (patternIndex, nameIndex)
                patternIndex += 1
            } else if patternIndex < pattern.count,
                pattern[patternIndex] == "?" || pattern[patternIndex] == name[nameIndex]
            {
                patternIndex += 1
                nameIndex += 1
            } else if let star = lastStar {
                lastStar = (star.pattern, star.name + 1)
                patternIndex = star.pattern + 1
                nameIndex = star.name + 1
            } else {
                return false
            }
        }
        return pattern[patternIndex...].allSatisfy { $0 == "*" }
    }
}

extension Glob: CustomStringConvertible {
    package var description: String { text }
}
