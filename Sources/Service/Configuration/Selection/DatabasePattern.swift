/// One item of a pair's `databases`.
package enum DatabasePattern: Sendable, Hashable {
    /// A database by its name, with its name at the target where that is said.
    case named(String, target: String?)
    /// All databases that fit, except CouchDB's own.
    case include(Glob)
    /// None of those that fit.
    case exclude(Glob)
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
