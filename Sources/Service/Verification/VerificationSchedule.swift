import Foundation
import Replication
import Supervision

/// Which verifications are due, and which of them first: a decision without any I/O.
package struct VerificationSchedule: Sendable {
    /// One verification that is due.
    package struct Due: Sendable, Hashable {
        package var level: Verification.Level
        package var share: BodyShare = .all
        /// `schedule`, or the rule that wants it.
        package var reason: String
        /// The one that goes on in its place.
        package var resuming: VerificationRecord?
        /// Since when it is due.
        package var since: Date
    }

    private let verify: VerifyConfiguration?
    private let now: Date

    package init(_ verify: VerifyConfiguration?, now: Date) {
        (self.verify, self.now) = (verify, now)
    }

    /// What is due for a pair; nil where nothing is.
    ///
    /// - Parameter suspicions: the findings of the pair that only a comparison can end.
    package func due(_ history: VerificationHistory, suspicions: [Finding], mode: Pair.Mode) -> Due? {
        guard mode != .off else { return nil }
        let suspicions = mode == .manage ? suspicions : []
        let rules = suspicions.filter { VerifiedLight.suspicious.contains($0.rule) }
        let differs = suspicions.contains { $0.rule == BackupDiffers.name }
        guard let due = suspicious(history, rules) ?? retried(history, differs: differs) ?? scheduled(history) else {
            return nil
        }
        return resuming(due, history)
    }

    /// A rule wants a comparison that began after it saw something; and again, with growing pauses, while it differs.
    private func suspicious(_ history: VerificationHistory, _ suspicions: [Finding]) -> Due? {
        guard let first = suspicions.min(by: { $0.since < $1.since }) else { return nil }
        if let last = history.last, last.startedAt >= first.since, last.startedAt.age(at: now) != nil {
            // Equal, and the rule still sees something: there may be newer evidence.
            guard let ended = last.endedAt, isOver(pause(history), since: ended) else { return nil }
        }
        return Due(level: .revisions, reason: first.rule, since: first.since)
    }

    /// What was not found whole is looked at again before its turn.
    private func retried(_ history: VerificationHistory, differs: Bool) -> Due? {
        guard differs || verify?.shortestInterval != nil, let last = history.last, !last.hasFoundAll,
            let ended = last.endedAt
        else { return nil }
        let wait = pause(history)
        guard isOver(wait, since: ended) else { return nil }
        let moment = min(ended.addingTimeInterval(wait), now)
        return Due(
            level: last.level, share: last.share ?? .all, reason: differs ? BackupDiffers.name : "schedule",
            since: moment)
    }

    private func scheduled(_ history: VerificationHistory) -> Due? {
        if let bodies = verify?.bodies {
            let interval = bodies.frequency.seconds
            let last = history.lastBodies?.startedAt
            if last.map({ isOver(interval, since: $0) }) ?? true, !isHeld(history, .bodies, interval) {
                return Due(
                    level: .bodies, share: Self.share(bodies, history), reason: "schedule",
                    since: last?.addingTimeInterval(interval) ?? .distantPast)
            }
        }
        guard let interval = verify?.revisions?.seconds, !isHeld(history, .revisions, interval) else { return nil }
        // Every level from revisions on compares the revisions.
        let last = history.last?.startedAt
        guard last.map({ isOver(interval, since: $0) }) ?? true else { return nil }
        return Due(
            level: .revisions, reason: "schedule", since: last?.addingTimeInterval(interval) ?? .distantPast)
    }

    /// Whether a time is over; it is where the clock was ahead when it began, or nothing would be due before that date.
    private func isOver(_ time: TimeInterval, since moment: Date) -> Bool {
        moment.age(at: now).map { $0 >= time } ?? true
    }

    /// Whether somebody stopped this one: then it has its next turn, and none before.
    private func isHeld(_ history: VerificationHistory, _ level: Verification.Level, _ interval: TimeInterval) -> Bool {
        guard let resumable = history.resumable, resumable.level == level, resumable.wasAskedToStop == true else {
            return false
        }
        return !isOver(interval, since: resumable.startedAt)
    }

    /// Takes up what was cut off, unless it is so old that it says little of now.
    private func resuming(_ due: Due, _ history: VerificationHistory) -> Due {
        guard let found = history.resumable, found.level == due.level, found.wasAskedToStop != true,
            due.level != .bodies || found.share == due.share,
            !isOver(max(86_400, VerifiedLight.limit(verify) ?? 0), since: found.startedAt),
            !VerifiedLight.suspicious.contains(due.reason) || found.startedAt >= due.since
        else { return due }
        var due = due
        due.resuming = found
        return due
    }

    /// How long to wait after a verification that did not say equal: at most a tenth of the time goes into it, and less
    /// each time.
    private func pause(_ history: VerificationHistory) -> TimeInterval {
        let last = history.last?.seconds ?? 0
        let doubled = pow(2, Double(min(10, max(0, history.failuresInARow - 1))))
        return min(6 * 3600, max(15, 10 * last) * doubled)
    }

    /// The next part of the content: the one behind the last that was compared, so that none is left out.
    static func share(_ bodies: VerifyConfiguration.Bodies, _ history: VerificationHistory) -> BodyShare {
        let count = Int((1 / bodies.share.fraction).rounded(.up))
        guard count > 1 else { return .all }
        for record in history.all where record.level == .bodies && record.state == .ended && record.verdict != .unknown
        {
            if case .part(let part, of: count) = record.share { return .part((part + 1) % count, of: count) }
        }
        return .part(0, of: count)
    }
}
