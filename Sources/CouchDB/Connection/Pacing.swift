/// Time and chance as a connection sees them; tests put their own in their place.
struct Pacing: Sendable {
    var now: @Sendable () -> ContinuousClock.Instant
    var sleep: @Sendable (Duration) async throws -> Void
    /// From 0 to 1.
    var random: @Sendable () -> Double

    /// The machine's clock and random numbers.
    static let system = Pacing(
        now: { ContinuousClock.now },
        sleep: { try await Task.sleep(for: $0) },
        random: { Double.random(in: 0...1) })
}
