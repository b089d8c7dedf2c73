/// How often a pair is repaired before Couchkeep gives up and says so.
package struct RepairConfiguration: Sendable, Equatable {
    package var perHour = 6
    /// The wait after the first repair that didn't help; it doubles each time.
    package var backoff: Duration = .seconds(60)
    package var maxBackoff: Duration = .seconds(60 * 60)

    package init() {}
}
