import Backup
import CouchDB
import Foundation
import Supervision

/// Which drills are due, and which of them first: a decision without any I/O.
struct DrillSchedule: Sendable, Hashable {
    /// That a backup is to be rehearsed.
    struct Due: Sendable, Hashable {
        /// Since when; those that never were come first.
        var since: Date
    }

    /// The time between two drills of a backup.
    let every: TimeInterval
    /// The name of the server on which scratch databases are made; nil for memory.
    let server: String?
    /// What reports call the place that is restored into.
    let place: String

    init(every: TimeInterval, server: String? = nil, place: String = DrillRun.Place.memoryName) {
        (self.every, self.server, self.place) = (every, server, place)
    }

    /// The schedule of a configuration; nil where it wants no drills.
    init?(_ configuration: Configuration) {
        guard let drill = configuration.drill, let every = drill.every else { return nil }
        let url = drill.server.flatMap { configuration.server(named: $0) }?.url.description
        self.init(every: every.seconds, server: drill.server, place: url ?? DrillRun.Place.memoryName)
    }

    /// How old the last equal drill may be: a check that comes a little late, or finds much to do, is no reason for an alarm.
    ///
    /// However long the interval is, nobody waits more than a week longer.
    var limit: TimeInterval { every + min(7 * 86_400, max(3600, every / 4)) }

    /// What is due for a pair that has a backup; nil where nothing is.
    ///
    /// - Parameter isLacking: whether the newest moment is known to lack something of the source.
    func due(_ history: DrillHistory, isLacking: Bool, mode: Pair.Mode, now: Date) -> Due? {
        guard mode != .off else { return nil }
        let settled = history.all.firstIndex { isSettled($0, history, isLacking: isLacking) }
        let attempts = history.all[..<(settled ?? history.all.endIndex)].filter { isAttempt($0) }
        let turn = settled.map { history.all[$0].at }
        // What was found wrong is looked at again before its turn, and so is what lacks nothing any more.
        let isWanted = attempts.contains { $0.verdict != .unknown }
        if let turn, !isWanted, !isOver(every, since: turn, now) { return nil }
        guard let attempt = attempts.first else { return Due(since: turn?.addingTimeInterval(every) ?? .distantPast) }
        let wait = pause(after: attempts)
        let ended = attempt.at.addingTimeInterval(Self.seconds(attempt))
        guard isOver(wait, since: ended, now) else { return nil }
        // Not since its turn: one that never succeeds must not come before all others each time.
        return Due(since: min(ended.addingTimeInterval(wait), now))
    }

    /// Whether nothing is due for a while, since the place took no drill.
    func isHeld(by outage: DrillOutage?, now: Date) -> Bool {
        guard let outage, outage.place == place else { return false }
        return !isOver(pause(300, attempts: outage.attempts), since: outage.at, now)
    }

    /// The newest drills that came to no verdict, where they would be made now.
    func inVain(_ history: DrillHistory) -> [DrillReport] {
        history.all.prefix { $0.verdict == .unknown }.filter { isAttempt($0) }
    }

    /// Whether a drill has told how the backup is, until its next turn.
    private func isSettled(_ drill: DrillReport, _ history: DrillHistory, isLacking: Bool) -> Bool {
        switch drill.verdict {
        case .equal: true
        case .incomplete: isLacking && !history.isDifferent
        case .different, .unknown: false
        }
    }

    /// That one came to no verdict elsewhere says nothing of the place that is configured.
    private func isAttempt(_ drill: DrillReport) -> Bool { drill.verdict != .unknown || drill.place == place }

    /// Whether a time is over; it is where the clock was ahead when it began, or nothing would be due before that date.
    private func isOver(_ time: TimeInterval, since moment: Date, _ now: Date) -> Bool {
        moment.age(at: now).map { $0 >= time } ?? true
    }

    /// How long to wait after drills that settled nothing, the newest first: at most a tenth of the time goes into them, and less
    /// each time; but no longer than for the next turn.
    private func pause(after attempts: [DrillReport]) -> TimeInterval {
        pause(max(300, 10 * (attempts.first.map(Self.seconds) ?? 0)), attempts: attempts.count)
    }

    private func pause(_ least: TimeInterval, attempts: Int) -> TimeInterval {
        let doubled = least * pow(2, Double(min(10, max(0, attempts - 1))))
        return min(every, max(least, min(6 * 3600, doubled)))
    }

    private static func seconds(_ drill: DrillReport) -> TimeInterval {
        drill.seconds ?? drill.restoreSeconds + drill.compareSeconds
    }
}
