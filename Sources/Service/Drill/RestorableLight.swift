import Backup
import CouchDB
import Foundation
import Supervision

/// What drills say of a backup: the Restorable light and its findings.
struct RestorableLight {
    private let history: DrillHistory
    /// How often it is to be rehearsed; nil where that is left to people.
    private let schedule: DrillSchedule?
    /// Since when there is a backup to rehearse, where that is known.
    private let dueSince: Date?
    /// Why the place takes no drill now, and this backup's among them; nil where it may.
    let outage: DrillOutage?
    private let now: Date

    /// From this age on a drill says nothing of now any more, where no schedule says how often there are others.
    static let trusted: TimeInterval = 30 * 86400

    /// - Parameters:
    ///   - drills: the drills of the backup, the newest first.
    ///   - evidence: which of them are about the backup that there is now; nil where all are.
    init(
        drills: [DrillReport], within evidence: EvidenceSpan? = nil, schedule: DrillSchedule? = nil,
        dueSince: Date? = nil, outage: DrillOutage? = nil, now: Date
    ) {
        history = DrillHistory(drills, within: evidence)
        (self.schedule, self.now) = (schedule, now)
        // Since then it is another backup, which nobody could rehearse before.
        self.dueSince = dueSince.map { max($0, evidence?.from ?? $0) }
        // What there is no backup of waits for no place.
        let isWanted = outage?.place == schedule?.place && (dueSince != nil || history.last != nil)
        self.outage = isWanted ? outage : nil
    }

    /// The light; nil where nothing was ever rehearsed, nor is to be.
    var light: Light? {
        guard let newest = history.all.first else {
            if history.isOfLostBackup {
                return Light(
                    state: .unknown, since: nil,
                    summary: "what was rehearsed was before the backup was put back or lost")
            }
            guard let schedule else { return nil }
            if let outage {
                return Light(
                    state: .unknown, since: min(outage.since, now), summary: "no drill can be made: \(outage.reason)")
            }
            // A database that is new must not silence the heartbeat until its turn comes.
            guard let dueSince, dueSince.age(at: now).map({ $0 > schedule.limit }) ?? false else {
                return Light(state: .off, since: nil, summary: "it was never rehearsed; its first drill is to come")
            }
            return Light(state: .unknown, since: dueSince, summary: "it was never rehearsed")
        }
        guard let decided = history.decided else {
            return Light(
                state: .unknown, since: min(newest.at, now),
                summary: "the drill came to no end: \(newest.reason ?? "unknown")")
        }
        let age = decided.at.age(at: now)
        let when = age.map { "\(Wording.duration($0)) ago" } ?? "when the clock was ahead"
        let text = "\(Self.what(decided)), \(when)"
        func told(_ state: Light.State, _ words: String) -> Light {
            Light(state: state, since: min(decided.at, now), summary: "\(text): \(words)")
        }
        switch decided.verdict {
        case .equal:
            guard let age else { return told(.unknown, "equal, and how long ago is not known") }
            let limit = schedule?.limit ?? Self.trusted
            return age <= limit ? told(.ok, "equal") : told(.unknown, "equal, which is too long ago")
        case .incomplete: return told(.unknown, "equal, but \(decided.lacking ?? "incomplete")")
        case .different, .unknown: return told(.problem, Self.wrong(decided))
        }
    }

    /// That something did not come back; nil where nothing is known to be wrong.
    var finding: Finding? {
        guard let decided = history.decided, decided.verdict == .different else { return nil }
        var evidence: [String: JSONValue] = [
            "at": .string(decided.at.formatted(.iso8601)), "place": .string(decided.place),
            "differing": .integer(Int64(decided.differing)),
        ]
        if let moment = decided.moment { evidence["moment"] = .integer(Int64(moment)) }
        if let problem = decided.problems.first { evidence["first"] = .string("“\(problem.id)”: \(problem.reason)") }
        return Finding(
            rule: DrillFailed.name, severity: .critical, since: min(decided.at, now),
            summary: "a rehearsed restore differs from the backup: \(Self.wrong(decided))", evidence: evidence,
            next: "couchkeep explain \(DrillFailed.name)")
    }

    /// That the backup is not rehearsed as the configuration wants it; nil where it is, or nothing is wanted.
    ///
    /// - Parameters:
    ///   - pair: the pair's name.
    ///   - cause: the fingerprint of the finding that explains an outage, where there is one.
    func hindrance(of pair: String, cause: String? = nil) -> Finding? {
        guard let schedule else { return nil }
        let vain = schedule.inVain(history)
        let last = history.last?.at
        // How long a verdict is missing; of one that was made while the clock was ahead at least since others were tried.
        let waited: TimeInterval? =
            if let last { last.age(at: now) ?? vain.last?.at.age(at: now) } else { dueSince?.age(at: now) }
        let isLate = waited.map { $0 > schedule.limit } ?? false
        let isDue = last?.age(at: now).map { $0 >= schedule.every } ?? true
        guard isLate || (isDue && (outage != nil || !vain.isEmpty)) else { return nil }
        let lateSince = waited.map { now.addingTimeInterval(schedule.limit - $0) }
        let since = [outage?.since, vain.last?.at, lateSince, now].compactMap(\.self).min() ?? now
        let hand =
            "couchkeep drill \(ShellWord.quoted(pair)) "
            + (schedule.server.map { "--server \(ShellWord.quoted($0))" } ?? "--in-memory")
        let cause = outage == nil ? nil : cause
        let reason = outage?.reason ?? vain.first.map { $0.reason ?? "unknown" }
        if let obstacle = outage == nil ? vain.first?.obstacle : outage?.obstacle {
            return Finding(
                rule: DrillImpossible.name, severity: .warning, since: since,
                summary: "the backup can't be rehearsed: \(reason ?? obstacle.rawValue)",
                evidence: ["obstacle": .string(obstacle.rawValue), "place": .string(schedule.place)],
                next: DrillImpossible.next(obstacle, by: hand, on: schedule.server), cause: cause)
        }
        let known =
            if let last {
                last.age(at: now).map { "the last drill with a verdict is \(Wording.duration($0)) old" }
                    ?? "the last drill with a verdict was made when the clock was ahead"
            } else {
                history.isOfLostBackup
                    ? "the backup was not rehearsed since it was put back or lost" : "the backup was never rehearsed"
            }
        let why = reason.map { "; the last one that was tried came to none: \($0)" }
        return Finding(
            rule: DrillOverdue.name, severity: isLate ? .warning : .notice, since: since, summary: known + (why ?? ""),
            evidence: ["limitSeconds": .integer(Int64(schedule.limit))], next: hand, cause: cause)
    }

    private static func what(_ drill: DrillReport) -> String {
        let source = drill.moment.map { "moment #\($0)" } ?? "the backup"
        return "\(source) restored in \(Wording.duration(drill.restoreSeconds))"
    }

    private static func wrong(_ drill: DrillReport) -> String {
        drill.reason ?? Wording.differing(drill.differing)
    }
}
