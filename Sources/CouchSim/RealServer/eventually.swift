/// Asks again and again until something has come true in another process, whose progress can't be waited for.
///
/// - Returns: whether it came true within the time.
package func eventually(
    within limit: Duration = .seconds(40), _ condition: () async throws -> Bool
) async throws -> Bool {
    let clock = ContinuousClock()
    let end = clock.now + limit
    while true {
        if try await condition() { return true }
        guard clock.now < end else { return false }
        try await Task.sleep(for: .milliseconds(20))
    }
}
