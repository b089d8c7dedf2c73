import UnixSignals

/// Runs `body`, and cancels it when somebody presses Ctrl-C or ends the process; returns or throws when it has ended.
///
/// - Throws: what `body` throws; ``DemoFailure`` of the kind `interrupted` after a signal.
package func untilInterrupted(_ body: @escaping @Sendable () async throws -> Void) async throws {
    let signals = await UnixSignalsSequence(trapping: .sigint, .sigterm)
    try await withThrowingTaskGroup(of: Bool.self) { group in
        group.addTask {
            for await _ in signals { return true }
            return false
        }
        group.addTask {
            try await body()
            return false
        }
        defer { group.cancelAll() }
        guard try await group.next() == true else { return }
        group.cancelAll()
        do {
            while try await group.next() != nil {}
        } catch is CancellationError {
            // That is what the signal was to lead to.
        }
        throw DemoFailure(.interrupted, "the demo was interrupted")
    }
}
