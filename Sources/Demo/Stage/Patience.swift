/// Waits that have an end, so that the demo never hangs.
enum Patience {
    /// Longer than CouchDB waits after a job's second crash, 60 s.
    static let limit: Duration = .seconds(90)
    private static let pause: Duration = .milliseconds(200)

    /// Asks again and again until something is the case.
    ///
    /// - Throws: ``DemoFailure`` where it does not come in time.
    static func until(_ what: String, _ condition: () async throws -> Bool) async throws {
        let start = ContinuousClock.now
        while try await !condition() {
            guard ContinuousClock.now - start < limit else { throw failure(what) }
            // Another process's progress can only be polled.
            try await Task.sleep(for: pause)
        }
    }

    /// Waits for an event.
    ///
    /// - Throws: ``DemoFailure`` where it does not come in time.
    static func wait(for what: String, _ event: @escaping @Sendable () async throws -> Void) async throws {
        try await withThrowingTaskGroup { group in
            group.addTask { try await event() }
            group.addTask {
                try await Task.sleep(for: limit)
                throw failure(what)
            }
            defer { group.cancelAll() }
            try await group.next()
        }
    }

    private static func failure(_ what: String) -> DemoFailure {
        DemoFailure(.unexpected, "\(what) did not happen within \(limit.components.seconds) s")
    }
}
