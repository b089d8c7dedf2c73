/// How much is asked of a server at a time: it grows while the server answers well, and shrinks when it doesn't.
///
/// Additive increase of the parallelism, halving after a failure, as in TCP; the size of a batch follows the time that a
/// batch takes.
package struct Window: Sendable {
    /// The bounds of a window.
    package struct Limits: Sendable, Hashable {
        /// The most items of one call.
        package var batch: Int
        /// The most calls at a time.
        package var parallelism: Int
        /// The pause after a first failure; it doubles from one to the next.
        package var firstPause: Duration
        /// The longest pause.
        package var longestPause: Duration

        package init(
            batch: Int, parallelism: Int, firstPause: Duration = .milliseconds(500),
            longestPause: Duration = .seconds(30)
        ) {
            self.batch = max(1, batch)
            self.parallelism = max(1, parallelism)
            self.firstPause = firstPause
            self.longestPause = longestPause
        }
    }

    package let limits: Limits
    /// The number of items that the next call is to have.
    package private(set) var batch: Int
    /// The number of calls that may run at a time.
    package private(set) var parallelism: Int
    /// How long to wait before the next call.
    package private(set) var pause = Duration.zero
    private var successes = 0
    /// Seconds an item, smoothed, and the best of them.
    private var pace: (current: Double, best: Double)?

    package init(_ limits: Limits) {
        self.limits = limits
        batch = min(limits.batch, max(1, limits.batch / 2))
        parallelism = max(1, limits.parallelism)
    }

    /// Notes a call that went well.
    package mutating func succeeded(items: Int, in time: Duration) {
        pause = .zero
        guard items > 0 else { return }
        let seconds = time / .seconds(1)
        if seconds > 10 {
            batch = max(1, batch / 2)
        } else if seconds < 2, items >= batch {
            batch = min(limits.batch, batch * 2)
        }
        let sample = seconds / Double(items)
        let current = pace.map { 0.8 * $0.current + 0.2 * sample } ?? sample
        pace = (current, min(pace?.best ?? current, current))
        successes += 1
        guard successes >= parallelism * 2 else { return }
        successes = 0
        // Four times the best pace says that the calls stand in each other's way.
        if let pace, pace.current > 4 * pace.best, seconds > 1 {
            parallelism = max(1, parallelism - 1)
        } else {
            parallelism = min(limits.parallelism, parallelism + 1)
        }
    }

    /// Notes that the server answers other calls: its failures are not those of one that is away.
    package mutating func answered() { pause = .zero }

    /// Notes a call that failed in a way that may pass: too many requests, an error of the server, a broken connection.
    package mutating func failed() {
        batch = max(1, batch / 2)
        parallelism = max(1, parallelism / 2)
        pause = pause == .zero ? limits.firstPause : min(limits.longestPause, pause * 2)
        successes = 0
    }
}
