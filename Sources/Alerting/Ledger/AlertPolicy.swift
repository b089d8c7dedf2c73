/// When people are told.
package struct AlertPolicy: Sendable, Hashable {
    /// The time after which an open problem is told again; nil: never.
    package var reminder: Duration?
    /// How many passes in a row must find a condition gone before it counts as resolved.
    ///
    /// This damps flapping: a condition that goes and comes back within so many passes stays one problem, told once.
    /// Less than 1 counts as 1.
    package var settlePasses: Int
    /// Conditions milder than this are kept in the ledger and never told.
    package var tellFrom: Severity

    package init(reminder: Duration? = .seconds(4 * 3600), settlePasses: Int = 2, tellFrom: Severity = .notice) {
        self.reminder = reminder
        self.settlePasses = max(1, settlePasses)
        self.tellFrom = tellFrom
    }
}
