/// Lets short work run beside other short work, and long work alone: of that each piece fills the machine by itself.
package struct Turns: Sendable {
    private let running = Monitor(0)
    private let width: Int

    /// - Parameter width: how many pieces of short work run at a time.
    package init(_ width: Int) { self.width = max(1, width) }

    /// Runs a piece of work when its turn has come.
    ///
    /// - Throws: `CancellationError` where the wait is cancelled; what the work throws.
    package func run<Result>(isLong: Bool, _ work: () async throws -> Result) async throws -> Result {
        let share = isLong ? width : 1
        try await running.wait { running -> Void? in
            guard running + share <= width else { return nil }
            running += share
            return ()
        }
        defer { running.change { $0 -= share } }
        return try await work()
    }
}
