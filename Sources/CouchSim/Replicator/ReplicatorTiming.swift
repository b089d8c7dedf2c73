/// The replicator's times, shortened by a server's pace.
struct ReplicatorTiming: Sendable {
    let pace: Double
    /// The time since some moment, by the server's clock.
    let elapsed: @Sendable () -> Duration
    let sleep: @Sendable (Duration) async throws -> Void

    init(pace: Double, clock: some Clock<Duration>) {
        let start = clock.now
        self.pace = pace
        elapsed = { start.duration(to: clock.now) }
        sleep = { try await clock.sleep(for: $0) }
    }

    func scaled(milliseconds: Int) -> Duration { .milliseconds(milliseconds) * pace }

    /// How often the scheduler rotates jobs, where nothing else is configured.
    static let interval = 60_000
    /// How long a run must last for the crashes before it to be forgotten.
    var healthThreshold: Duration { scaled(milliseconds: 120_000) }
    /// The pause after that many crashes one after another.
    func backOff(crashes: Int) -> Duration { scaled(milliseconds: 30_000 << min(max(crashes - 1, 0), 10)) }
    /// The pause before the retry of a request.
    func retryPause(_ attempt: Int) -> Duration { scaled(milliseconds: 250 << min(max(attempt - 1, 0), 8)) }
}
