/// How often the restore of each backup is rehearsed, and where.
package struct DrillConfiguration: Sendable, Equatable {
    /// The time between two drills of a backup; nil means never.
    package var every: Duration?
    /// The name of the server on which scratch databases are made; nil restores into memory.
    package var server: String?
    /// How long one check may go on to begin drills.
    package var budget: Duration

    /// As for verifications: a systemd timer begins no other check meanwhile, and each check does one drill at least.
    package static let defaultBudget = Duration.seconds(300)

    package init(every: Duration? = nil, server: String? = nil, budget: Duration = Self.defaultBudget) {
        self.every = every
        self.server = server
        self.budget = budget
    }
}
