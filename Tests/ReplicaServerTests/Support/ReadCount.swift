import Synchronization

/// Counts how often a replica is asked for something.
final class ReadCount: Sendable {
    private let count = Mutex(0)

    func add() { count.withLock { $0 += 1 } }

    /// How often it was asked since this was called last.
    func take() -> Int {
        count.withLock { count in
            defer { count = 0 }
            return count
        }
    }
}
