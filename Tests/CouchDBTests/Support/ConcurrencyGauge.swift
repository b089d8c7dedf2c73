import Synchronization

/// Measures how many callers are inside at a time.
final class ConcurrencyGauge: Sendable {
    private let counts = Mutex((now: 0, most: 0))

    /// The largest number so far.
    var most: Int { counts.withLock { $0.most } }

    /// Stays inside for some turns of the scheduler.
    func measure() async {
        counts.withLock { counts in
            counts.now += 1
            counts.most = max(counts.most, counts.now)
        }
        for _ in 0..<20 { await Task.yield() }
        counts.withLock { $0.now -= 1 }
    }
}
