import CouchDB
import Foundation

/// One named fact about a pair or a server, with its evidence.
package struct Finding: Sendable, Hashable, Codable {
    /// How bad it is.
    package enum Severity: String, Sendable, Hashable, Codable, Comparable {
        /// Worth knowing; changes no verdict.
        case notice
        /// Wants attention.
        case warning
        /// The backup is missing something, or will.
        case critical

        package static func < (left: Severity, right: Severity) -> Bool { left.order < right.order }

        private var order: Int {
            switch self {
            case .notice: 0
            case .warning: 1
            case .critical: 2
            }
        }
    }

    /// The rule's name, such as `target-rolled-back`.
    package var rule: String
    /// How bad it is.
    package var severity: Severity
    /// When it began, as far as Couchkeep saw it.
    package var since: Date
    /// What is the case and what it means for the backup, in a sentence.
    package var summary: String
    /// What it was concluded from.
    package var evidence: [String: JSONValue]
    /// What to do next, a command where there is one.
    package var next: String
    /// The fingerprint of the finding that explains this one, such as a server that can't be reached.
    package var cause: String?

    package init(
        rule: String, severity: Severity, since: Date, summary: String, evidence: [String: JSONValue] = [:],
        next: String, cause: String? = nil
    ) {
        self.rule = rule
        self.severity = severity
        self.since = since
        self.summary = summary
        self.evidence = evidence
        self.next = next
        self.cause = cause
    }

    /// What a finding about a subject is known by across passes.
    package static func fingerprint(rule: String, subject: String) -> String { "\(rule) @ \(subject)" }
}

extension Finding {
    /// Says that a repair did not help. What people can do stays, where it is more than to let Couchkeep try once more.
    mutating func giveUp(after attempts: Int) {
        severity = .critical
        summary += "; the repair was tried \(attempts) times and is given up"
        evidence["attempts"] = .integer(Int64(attempts))
        if next.hasPrefix("couchkeep ") { next = "couchkeep explain \(rule)" }
    }

    /// Whether it makes the verdict a problem: more than worth knowing, and more than that something could not be seen.
    package var isProblem: Bool { severity != .notice && rule != Blind.name }
}
