import Synchronization

/// Small state that several tasks share, change, and wait on.
///
/// What waits is woken by every change and looks again; so it suits few tasks, as a replication has.
final class Monitor<State: Sendable>: Sendable {
    private struct Storage {
        var state: State
        var version = 0
        var nextTicket = 0
        var waiting: [(ticket: Int, continuation: CheckedContinuation<Void, any Error>)] = []
        var cancelled: Set<Int> = []

        mutating func takeWaiting() -> [CheckedContinuation<Void, any Error>] {
            version += 1
            defer { waiting = [] }
            return waiting.map(\.continuation)
        }
    }

    private let storage: Mutex<Storage>

    init(_ state: sending State) { storage = Mutex(Storage(state: state)) }

    /// Changes the state, or looks at it, and wakes what waits.
    @discardableResult
    func change<Result: Sendable>(_ body: (inout State) throws -> Result) rethrows -> Result {
        let (result, woken) = try storage.withLock { storage in
            let result = try body(&storage.state)
            return (result, storage.takeWaiting())
        }
        for continuation in woken { continuation.resume() }
        return result
    }

    /// Looks at the state without waking anybody.
    func read<Result: Sendable>(_ body: (borrowing State) -> Result) -> Result {
        storage.withLock { body($0.state) }
    }

    /// Waits until the function returns a value; until then it must leave the state as it is.
    ///
    /// - Throws: `CancellationError` where the task is cancelled.
    func wait<Result: Sendable>(for body: (inout State) throws -> Result?) async throws -> Result {
        while true {
            try Task.checkCancellation()
            let (result, woken, version, ticket) = try storage.withLock { storage in
                let result = try body(&storage.state)
                storage.nextTicket += 1
                return (result, result == nil ? [] : storage.takeWaiting(), storage.version, storage.nextTicket)
            }
            for continuation in woken { continuation.resume() }
            if let result { return result }
            try await waitForChange(beyond: version, ticket: ticket)
        }
    }

    private func waitForChange(beyond version: Int, ticket: Int) async throws {
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let outcome = storage.withLock { storage -> Result<Void, any Error>? in
                    if storage.cancelled.remove(ticket) != nil { return .failure(CancellationError()) }
                    if storage.version != version { return .success(()) }
                    storage.waiting.append((ticket, continuation))
                    return nil
                }
                if let outcome { continuation.resume(with: outcome) }
            }
        } onCancel: {
            let continuation = storage.withLock { storage -> CheckedContinuation<Void, any Error>? in
                guard let index = storage.waiting.firstIndex(where: { $0.ticket == ticket }) else {
                    storage.cancelled.insert(ticket)
                    return nil
                }
                return storage.waiting.remove(at: index).continuation
            }
            continuation?.resume(throwing: CancellationError())
        }
        // A cancellation that came after the task was woken left its mark.
        storage.withLock { _ = $0.cancelled.remove(ticket) }
    }
}
