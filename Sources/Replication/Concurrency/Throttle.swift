/// Lets calls of one replica through as its window allows.
struct Throttle: Sendable {
    private struct State {
        var window: Window
        var running = 0
    }

    private let monitor: Monitor<State>
    private let clock: RunClock

    init(_ limits: Window.Limits, clock: RunClock) {
        monitor = Monitor(State(window: Window(limits)))
        self.clock = clock
    }

    /// The number of items that the next call is to have.
    var batch: Int { monitor.read { $0.window.batch } }

    /// Runs one call when its turn has come, and learns from how it went.
    ///
    /// - Parameter isOwnFault: whether a failure comes from ourselves, such as from waiting too long for the target.
    func run<Result: Sendable>(
        items: Int, isOwnFault: () -> Bool = { false }, _ call: () async throws -> Result
    ) async throws -> Result {
        try await monitor.wait { state -> Void? in
            guard state.running < state.window.parallelism else { return nil }
            state.running += 1
            return ()
        }
        defer { monitor.change { $0.running -= 1 } }
        let start = clock.now()
        do {
            let result = try await call()
            monitor.change { $0.window.succeeded(items: items, in: start.duration(to: clock.now())) }
            return result
        } catch {
            if FailureKind(error) == .passing, !isOwnFault() { monitor.change { $0.window.failed() } }
            throw error
        }
    }

    /// Notes that the server answers other calls.
    func answered() { monitor.change { $0.window.answered() } }

    /// Waits as long as the last failures ask for.
    ///
    /// - Parameter telling: takes the pause before it begins.
    func backOff(telling: (Duration) -> Void = { _ in }) async throws {
        let pause = monitor.read { $0.window.pause }
        guard pause > .zero else { return }
        telling(pause)
        try await clock.sleep(pause)
    }
}

/// Time as a replication sees it; tests put their own in its place.
package struct RunClock: Sendable {
    package var now: @Sendable () -> ContinuousClock.Instant
    package var sleep: @Sendable (Duration) async throws -> Void

    package init(
        now: @escaping @Sendable () -> ContinuousClock.Instant,
        sleep: @escaping @Sendable (Duration) async throws -> Void
    ) {
        self.now = now
        self.sleep = sleep
    }

    /// The machine's clock.
    package static let system = RunClock(
        now: { ContinuousClock.now }, sleep: { try await Task.sleep(for: $0) })
}
