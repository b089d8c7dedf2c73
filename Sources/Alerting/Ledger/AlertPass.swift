import Foundation

/// What one pass found: the conditions that hold, and what it could not judge.
package struct AlertPass: Sendable, Hashable {
    package var at: Date
    package var conditions: [Condition]
    /// Subjects that could not be observed.
    ///
    /// What was open about them stays open: unknown is not good.
    package var unjudgedSubjects: Set<String>
    /// The same for single conditions.
    package var unjudgedFingerprints: Set<String>
    /// All that is watched; nil where that is not known. What is open about anything else ends without being over.
    package var watchedSubjects: Set<String>?
    /// The only conditions that a further look of one pass could judge; nil: all.
    package var judgedFingerprints: Set<String>?

    package init(
        at: Date, conditions: [Condition], unjudgedSubjects: Set<String> = [], unjudgedFingerprints: Set<String> = [],
        watchedSubjects: Set<String>? = nil
    ) {
        self.at = at
        self.conditions = conditions
        self.unjudgedSubjects = unjudgedSubjects
        self.unjudgedFingerprints = unjudgedFingerprints
        self.watchedSubjects = watchedSubjects
    }

    func isWatched(_ condition: Condition) -> Bool { watchedSubjects?.contains(condition.subject) ?? true }

    func couldJudge(_ condition: Condition) -> Bool {
        !unjudgedSubjects.contains(condition.subject) && !unjudgedFingerprints.contains(condition.fingerprint)
            && (judgedFingerprints?.contains(condition.fingerprint) ?? true)
    }
}
