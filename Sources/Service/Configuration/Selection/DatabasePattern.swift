/// One item of a pair's `databases`.
package enum DatabasePattern: Sendable, Hashable {
    /// A database by its name, with its name at the target where that is said.
    case named(String, target: String?)
    /// All databases that fit, except CouchDB's own.
    case include(Glob)
    /// None of those that fit.
    case exclude(Glob)
}

extension DatabasePattern {
    /// Whether it selects nothing.
    var isExclusion: Bool {
        if case .exclude = self { true } else { false }
    }

    /// Whether a later pattern excludes every name that this one fits, as far as both texts show it.
    func isTakenBack(by later: DatabasePattern) -> Bool {
        guard case .exclude(let glob) = later else { return false }
        return switch self {
        case .named(let name, target: _): glob.matches(name)
        // A ? takes one character, and the * that it would be compared with stands for any number.
        case .include(let own): glob == own || (!glob.text.contains("?") && glob.matches(own.text))
        case .exclude: false
        }
    }
}

extension DatabasePattern: CustomStringConvertible {
    /// As the file writes it, such as `!scratch-*`.
    package var description: String {
        switch self {
        case .named(let source, target: nil): source
        case .named(let source, target: let target?): "\(source) as \(target)"
        case .include(let glob): glob.text
        case .exclude(let glob): "!\(glob.text)"
        }
    }
}
