/// What one pass may do.
package struct PassOptions: Sendable, Hashable {
    /// Show the plan and change nothing, not even the memory.
    package var isDryRun: Bool
    /// Take over replication documents of others, and accept replaced servers and sources.
    package var adopts: Bool

    package init(isDryRun: Bool = false, adopts: Bool = false) {
        self.isDryRun = isDryRun
        self.adopts = adopts
    }
}
