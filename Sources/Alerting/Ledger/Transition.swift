import Foundation

/// One thing that people are to be told: a problem is new, worse, still there or resolved.
package struct Transition: Sendable, Hashable, Codable {
    package enum Kind: String, Sendable, Hashable, Codable {
        case new
        case worse
        case reminder
        case resolved
    }

    package var kind: Kind
    package var condition: Condition
    /// The worst of the condition and of those it explains.
    package var severity: Severity
    package var since: Date
    /// When it was last observed: earlier than the message where the last pass could not judge it.
    package var lastSeen: Date
    /// When it was first found gone; only for ``Kind/resolved``.
    package var endedAt: Date?
    package var folded: FoldedConditions
    /// That nobody looks any more whether it is over; nil where somebody does.
    package var isUnwatched: Bool?

    package init(
        _ kind: Kind, _ condition: Condition, severity: Severity? = nil, since: Date? = nil, lastSeen: Date,
        endedAt: Date? = nil, folded: FoldedConditions = FoldedConditions(), isUnwatched: Bool? = nil
    ) {
        self.kind = kind
        self.condition = condition
        self.severity = severity ?? condition.severity
        self.since = since ?? condition.since
        self.lastSeen = lastSeen
        self.endedAt = endedAt
        self.folded = folded
        self.isUnwatched = isUnwatched
    }

    package var isFiring: Bool { kind != .resolved }

    /// What it says in a line; of what is over only that, since the summary speaks of a problem that is there.
    var summary: String {
        guard !isFiring else { return condition.summary }
        return isUnwatched == true
            ? "no longer watched, so nobody knows whether \(condition.rule) is over" : "no longer \(condition.rule)"
    }

    /// The first words of an entry and of a subject.
    var label: String {
        let level = severity.rawValue.uppercased()
        return switch kind {
        case .new: level
        case .worse: "NOW \(level)"
        case .reminder: "STILL \(level)"
        case .resolved: isUnwatched == true ? "NOT WATCHED" : "RESOLVED"
        }
    }
}

extension Transition {
    /// The order in a message: what is new and bad first, what is over last.
    static func inMessageOrder(_ left: Transition, _ right: Transition) -> Bool {
        if left.rank != right.rank { return left.rank < right.rank }
        if left.severity != right.severity { return left.severity > right.severity }
        if left.since != right.since { return left.since < right.since }
        return left.condition.fingerprint < right.condition.fingerprint
    }

    private var rank: Int {
        switch kind {
        case .new, .worse: 0
        case .reminder: 1
        case .resolved: 2
        }
    }
}
