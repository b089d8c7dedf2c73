/// How often the restore of each backup is rehearsed, and where.
package struct DrillConfiguration: Sendable, Equatable {
    /// The time between two drills of a backup; nil means never.
    package var every: Duration?
    /// The name of the server on which scratch databases are made; nil restores into memory.
    package var server: String?
    /// How long one check may go on to begin drills.
    package var budget: Duration

    /// More than verifications have: a drill that is cut off can't go on in a later check.
    package static let defaultBudget = Duration.seconds(1800)

    package init(every: Duration? = nil, server: String? = nil, budget: Duration = Self.defaultBudget) {
        self.every = every
        self.server = server
        self.budget = budget
    }
}
