/// How bad a condition is for the backup.
package enum Severity: String, Sendable, Hashable, Codable, CaseIterable {
    /// Worth knowing; the backup is as it should be.
    case notice
    /// The backup is at risk, or falls behind.
    case warning
    /// The backup is not what it should be: something is missing, or nothing is copied any more.
    case critical
}

extension Severity: Comparable {
    private var rank: Int {
        switch self {
        case .notice: 0
        case .warning: 1
        case .critical: 2
        }
    }

    package static func < (left: Severity, right: Severity) -> Bool { left.rank < right.rank }
}
