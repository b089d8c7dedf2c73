import Foundation

/// What the ledger remembers of one open condition.
package struct AlertRecord: Sendable, Hashable, Codable {
    /// The condition as it was last seen.
    package var condition: Condition
    /// The beginning of this episode, which a short absence does not reset.
    package var since: Date
    package var lastSeen: Date
    /// The time it was first told by itself; nil: never, or only as part of its cause.
    package var firstTold: Date?
    package var lastTold: Date?
    /// The occurrence that was told last; nil where none was.
    package var toldOccurrence: Date?
    /// The worst severity told in this episode.
    package var toldSeverity: Severity?
    /// The first of the passes in a row that found it gone.
    package var absentSince: Date?
    /// How many passes in a row found it gone.
    package var absentPasses: Int
    /// The condition under which it was last folded.
    package var foldedUnder: String?

    package init(first condition: Condition, at time: Date) {
        self.condition = condition
        self.since = min(condition.since, time)
        self.lastSeen = time
        self.absentPasses = 0
    }

    mutating func see(_ condition: Condition, at time: Date) {
        self.condition = condition
        since = min(since, condition.since)
        lastSeen = time
        absentSince = nil
        absentPasses = 0
    }

    mutating func miss(at time: Date) {
        absentSince = absentSince ?? time
        absentPasses += 1
    }

    mutating func tell(_ severity: Severity, at time: Date) {
        firstTold = firstTold ?? time
        lastTold = time
        toldOccurrence = [condition.occurrence, toldOccurrence].compactMap(\.self).max()
        toldSeverity = max(toldSeverity ?? severity, severity)
    }

    /// Whether at least so much time has gone since it was last told.
    ///
    /// A clock that was put back must not silence reminders, so a time in the future counts as long ago.
    func wasTold(atLeast interval: Duration, before time: Date) -> Bool {
        guard let lastTold else { return false }
        let elapsed = time.timeIntervalSince(lastTold)
        return elapsed < 0 || elapsed >= interval.inSeconds
    }
}
