/// What one pass may do.
package struct PassOptions: Sendable, Hashable {
    /// Show the plan and change nothing, not even the memory.
    package var isDryRun: Bool
    /// Take over replication documents of others, and accept replaced servers and sources.
    package var adopts: Bool
    /// The names of pairs whose source is to be read again from the beginning.
    package var rescans: Set<String>

    package init(isDryRun: Bool = false, adopts: Bool = false, rescans: Set<String> = []) {
        self.isDryRun = isDryRun
        self.adopts = adopts
        self.rescans = rescans
    }
}
