import Backup

/// What the drills of one backup say together.
struct DrillHistory: Sendable {
    /// Those about the backup that there is now, the newest first.
    let all: [DrillReport]
    /// Whether there are only others, of a backup that is not there any more.
    let isOfLostBackup: Bool

    /// - Parameters:
    ///   - drills: the newest first.
    ///   - evidence: which of them are about the backup that there is now; nil where all are.
    init(_ drills: [DrillReport], within evidence: EvidenceSpan? = nil) {
        all = drills.filter { evidence?.covers($0.at) ?? true }
        isOfLostBackup = all.isEmpty && !drills.isEmpty
    }

    /// The newest one with a verdict.
    var last: DrillReport? { all.first { $0.verdict != .unknown } }

    /// The newest one that says of its backup whether it comes back as it is.
    private var compared: DrillReport? { all.first { [.equal, .different].contains($0.verdict) } }

    /// Whether something is known not to come back. That a copy of a moment which lacks something equals it ends no difference
    /// that was found before.
    var isDifferent: Bool { compared?.verdict == .different }

    /// The one that tells how the backup is: one that came to no end takes nothing back.
    var decided: DrillReport? { isDifferent ? compared : last }
}
