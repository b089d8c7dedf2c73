/// How many documents a server is asked for at a time, where each takes a request of its own.
///
/// It falls to one where answers are large, so that no more of them are held than where nothing overlaps, and grows again with
/// small ones; it halves after failures, as the ``Window`` of calls does.
struct Overlap: Sendable {
    private var window: Window
    /// How many may be asked for beside each other by their size.
    private var width: Int
    private var calls = 0

    /// - Parameter limit: the most at a time, by all calls together.
    init(limit: Int) {
        window = Window(Window.Limits(batch: 1, parallelism: limit))
        width = window.limits.parallelism
    }

    /// How many documents one of the running calls may have under way; one at least.
    var share: Int { max(1, min(width, window.parallelism) / max(1, calls)) }

    mutating func callBegan() { calls += 1 }

    mutating func callEnded() { calls -= 1 }

    /// Notes an answer; how long a large one takes says nothing of the server.
    mutating func answered(isLarge: Bool, in time: Duration) {
        guard !isLarge else {
            width = 1
            return
        }
        window.succeeded(items: 1, in: time)
        width = min(width + 1, window.limits.parallelism)
    }

    /// Notes a request that failed in a way that may pass.
    mutating func failed() { window.failed() }
}
