import Synchronization

@testable import CouchDB

/// A clock that moves only when something sleeps, and remembers the pauses.
final class ManualPacing: Sendable {
    private let state = Mutex((now: ContinuousClock.now, pauses: [Duration]()))

    /// The pauses so far.
    var pauses: [Duration] { state.withLock { $0.pauses } }

    /// Moves the clock.
    func advance(_ duration: Duration) { state.withLock { $0.now += duration } }

    /// What a connection is given; chance always says 1.
    var pacing: Pacing {
        Pacing(
            now: { self.state.withLock { $0.now } },
            sleep: { pause in
                self.state.withLock { state in
                    state.now += pause
                    state.pauses.append(pause)
                }
                try Task.checkCancellation()
            },
            random: { 1 })
    }
}
