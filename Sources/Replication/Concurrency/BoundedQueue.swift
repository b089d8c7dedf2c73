/// Hands elements from some tasks to others, and makes the senders wait while enough is under way.
///
/// Elements have a weight, such as their bytes. Sending waits while the weight of what is queued has reached the capacity,
/// so that it is exceeded by one element, or one group, at most.
struct BoundedQueue<Element: Sendable>: Sendable {
    private struct State {
        var elements: [(element: Element, weight: Int)] = []
        var weight = 0
        var peak = 0
        var isFinished = false
    }

    private let capacity: Int
    private let monitor: Monitor<State>

    init(capacity: Int) {
        self.capacity = max(1, capacity)
        monitor = Monitor(State())
    }

    /// Adds elements as soon as there is room.
    func send(_ elements: [Element], weight: (Element) -> Int) async throws {
        guard !elements.isEmpty else { return }
        let weighed = elements.map { ($0, weight($0)) }
        try await monitor.wait { state -> Void? in
            guard state.weight < capacity else { return nil }
            state.elements += weighed
            state.weight += weighed.reduce(0) { $0 + $1.1 }
            state.peak = max(state.peak, state.weight)
            return ()
        }
    }

    /// Says that nothing more will be sent.
    func finish() { monitor.change { $0.isFinished = true } }

    /// Takes a fair share of what is queued where that is little, so that all who take have work at the same time.
    ///
    /// - Parameters:
    ///   - count: the most that is taken; that many where twice as many are queued.
    ///   - takers: how many take from this queue.
    func receiveShare(count: Int, takers: Int) async throws -> [Element] {
        try await monitor.wait { state -> [Element]? in
            let queued = state.elements.count
            guard queued > 0 else { return state.isFinished ? [] : nil }
            let share = max(Self.smallestShare, (queued + takers - 1) / max(1, takers))
            let taken = min(queued, count, queued >= 2 * count ? count : share)
            let elements = state.elements.prefix(taken)
            state.elements.removeFirst(taken)
            state.weight -= elements.reduce(0) { $0 + $1.weight }
            return elements.map(\.element)
        }
    }

    /// Less is not worth a request of its own.
    private static var smallestShare: Int { 100 }

    /// Takes at least one element, and more while their weight and number stay within the limits; none at the end.
    func receive(weight limit: Int = .max, count: Int) async throws -> [Element] {
        try await monitor.wait { state -> [Element]? in
            guard !state.elements.isEmpty else { return state.isFinished ? [] : nil }
            var (taken, weight) = (0, 0)
            for (_, next) in state.elements {
                guard taken == 0 || (taken < count && weight + next <= limit) else { break }
                taken += 1
                weight += next
            }
            let elements = state.elements.prefix(taken).map(\.element)
            state.elements.removeFirst(taken)
            state.weight -= weight
            return elements
        }
    }

    /// The largest weight that was ever queued.
    var peakWeight: Int { monitor.read { $0.peak } }
}
