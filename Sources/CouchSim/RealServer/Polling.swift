/// Waiting for another process, such as a real server, whose progress can only be polled.
package enum Polling {
    /// What was waited for did not come in time.
    package struct TimedOut: Error, CustomStringConvertible {
        package let description: String
    }

    /// Asks again and again until there is an answer.
    ///
    /// - Parameters:
    ///   - what: what is waited for, for the error.
    ///   - limit: the time after which ``TimedOut`` is thrown; the last answer is still waited for.
    ///   - pause: the time between two questions.
    package static func value<Value>(
        _ what: String, within limit: Duration = .seconds(60), every pause: Duration = .milliseconds(100),
        _ ask: () async throws -> Value?
    ) async throws -> Value {
        let end = ContinuousClock.now.advanced(by: limit)
        while true {
            if let value = try await ask() { return value }
            guard ContinuousClock.now < end else { throw TimedOut(description: "\(what): not within \(limit)") }
            try await Task.sleep(for: pause)
        }
    }

    /// Asks again and again until the answer is yes.
    package static func until(
        _ what: String, within limit: Duration = .seconds(60), every pause: Duration = .milliseconds(100),
        _ isSo: () async throws -> Bool
    ) async throws {
        _ = try await value(what, within: limit, every: pause) { try await isSo() ? true : nil }
    }

    /// The time between two looks at something that has no end to wait for.
    package static func pause(_ duration: Duration) async throws { try await Task.sleep(for: duration) }
}
