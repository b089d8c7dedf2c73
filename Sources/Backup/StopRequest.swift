import Synchronization

/// Somebody's wish that work ends where it leaves nothing half done.
package final class StopRequest: Sendable {
    private struct State {
        var isRequested = false
        var nextTicket = 0
        var waiting: [Int: CheckedContinuation<Void, Never>] = [:]
    }

    private let state = Mutex(State())

    package init() {}

    package var isRequested: Bool { state.withLock(\.isRequested) }

    /// Asks for the end; once is enough.
    package func request() {
        let waiting = state.withLock { state in
            state.isRequested = true
            defer { state.waiting = [:] }
            return state.waiting.values
        }
        for continuation in waiting { continuation.resume() }
    }

    /// Runs what may be cut off at any time, and cancels it when the end is asked for.
    ///
    /// - Returns: What the body returned; nil where it was cut off.
    /// - Throws: What the body throws, unless it was cut off.
    package func cutting<Result: Sendable>(
        _ body: @escaping @Sendable () async throws -> Result
    ) async throws -> Result? {
        try await withThrowingTaskGroup(of: Result?.self) { group in
            group.addTask {
                await self.wait()
                return nil
            }
            group.addTask { try await body() }
            defer { group.cancelAll() }
            do {
                return try await group.next() ?? nil
            } catch  where isRequested {
                return nil
            }
        }
    }

    /// Returns when the end is asked for, or the task is cancelled.
    private func wait() async {
        let ticket = state.withLock { state in
            state.nextTicket += 1
            return state.nextTicket
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isOver = state.withLock { state in
                    // The handler may have run before there was anything to resume.
                    guard !state.isRequested, !Task.isCancelled else { return true }
                    state.waiting[ticket] = continuation
                    return false
                }
                if isOver { continuation.resume() }
            }
        } onCancel: {
            state.withLock { $0.waiting.removeValue(forKey: ticket) }?.resume()
        }
    }
}
