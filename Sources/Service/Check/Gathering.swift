/// Tells what comes of long work together: after an interval all that has come meanwhile, and the rest at its end.
enum Gathering {
    /// - Parameters:
    ///   - work: hands over what it has found. It does not wait for that to be told.
    ///   - tell: takes what was found since it was called before.
    /// - Throws: what the work throws, when all that it has found is told; what `tell` throws, which cancels the work.
    static func run<Found: Sendable>(
        tellingEvery interval: Duration,
        work: @escaping @Sendable (_ found: @escaping @Sendable (Found) -> Void) async throws -> Void,
        tell: ([Found]) async throws -> Void
    ) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            let (turns, feed) = AsyncStream<Found?>.makeStream()
            defer { group.cancelAll() }
            group.addTask {
                defer { feed.finish() }
                try await work { feed.yield($0) }
            }
            group.addTask {
                do {
                    while true {
                        try await Task.sleep(for: interval)
                        feed.yield(nil)
                    }
                } catch is CancellationError {
                    // The work is over.
                }
            }
            var untold: [Found] = []
            for await turn in turns {
                if let turn {
                    untold.append(turn)
                } else if !untold.isEmpty {
                    try await tell(untold)
                    untold = []
                }
            }
            try Task.checkCancellation()
            if !untold.isEmpty { try await tell(untold) }
            group.cancelAll()
            try await group.waitForAll()
        }
    }
}
