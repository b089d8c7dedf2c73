import Foundation

extension PairMemory {
    /// Takes moments that lie in the future, since the clock was set back, for now.
    ///
    /// Otherwise nothing that is counted from them, such as a grace or a pause, would end before that moment comes again.
    package mutating func clamp(to now: Date) {
        guard let lastPass, lastPass > now else { return }
        clampMoments(to: now)
        for index in samples.indices { samples[index].at = min(samples[index].at, now) }
        for index in (sourceMarks ?? []).indices { sourceMarks?[index].at.clamp(to: now) }
        for rule in latches.keys { latches[rule]?.since.clamp(to: now) }
        for rule in findingsSince.keys { findingsSince[rule]?.clamp(to: now) }
        rescan?.startedAt.clamp(to: now)
        rescan?.completedAt?.clamp(to: now)
        repairs.clamp(to: now)
    }

    /// Takes no moment for later than now: a clock that was ahead must not hold everything up until it is caught up.
    package mutating func clampFuture(to now: Date) {
        clampMoments(to: now)
        samples.removeAll { $0.at > now }
        sourceMarks?.removeAll { $0.at > now }
        repairs.forgetFuture(after: now)
    }

    private mutating func clampMoments(to now: Date) {
        for path in Self.moments { self[keyPath: path] = self[keyPath: path].map { min($0, now) } }
    }

    private static var moments: [WritableKeyPath<PairMemory, Date?>] {
        [
            \.firstSeen, \.lastPass, \.targetSeen, \.sourceSeen, \.checkpointChanged, \.activityChanged, \.pendingSince,
            \.coveredUntil, \.stateSince, \.crashingSince, \.documentFirstSeen, \.blindSince, \.lightSince,
            \.lastInspection, \.refusedAt, \.evidenceFrom, \.sourceEvidenceFrom,
        ]
    }
}

extension Date {
    fileprivate mutating func clamp(to moment: Date) { self = min(self, moment) }
}
