import Foundation

/// How long and how often a message is tried.
package struct OutboxPolicy: Sendable, Hashable {
    package var firstDelay: Duration
    package var longestDelay: Duration
    /// A message that fails when it is older than this is given up.
    package var giveUpAfter: Duration
    /// So many messages that wait for a channel that failed are folded into one; nil: never.
    package var digestFrom: Int?
    /// At most so many messages are read for a channel in one run.
    package var batch: Int

    package init(
        firstDelay: Duration = .seconds(60), longestDelay: Duration = .seconds(3600),
        giveUpAfter: Duration = .seconds(3 * 86400), digestFrom: Int? = 5, batch: Int = 200
    ) {
        self.firstDelay = firstDelay
        self.longestDelay = longestDelay
        self.giveUpAfter = giveUpAfter
        self.digestFrom = digestFrom
        self.batch = batch
    }

    /// The time of the next attempt after so many failures: doubling, and spread by a fifth either way.
    package func nextAttempt(
        afterFailures failures: Int, at now: Date, using generator: inout some RandomNumberGenerator
    ) -> Date {
        // 2^20 first delays are beyond any longest delay, and far from overflow.
        let doubled = firstDelay.inSeconds * Double(1 << min(max(0, failures - 1), 20))
        let delay = min(doubled, longestDelay.inSeconds)
        return now.addingTimeInterval(delay * Double.random(in: 0.8...1.2, using: &generator))
    }

    /// Whether the entry may be tried.
    ///
    /// A time further ahead than any delay comes from a clock that was put back.
    package func isDue(_ entry: OutboxEntry, at now: Date) -> Bool {
        let wait = entry.nextAttempt.timeIntervalSince(now)
        return wait <= 0 || wait > longestDelay.inSeconds * 1.2
    }

    /// Whether a failure is the last one.
    ///
    /// A test is for the person who waits for it, not for later.
    package func givesUp(_ entry: OutboxEntry, at now: Date) -> Bool {
        entry.message.kind == .test || now.timeIntervalSince(entry.enqueuedAt) > giveUpAfter.inSeconds
    }
}
