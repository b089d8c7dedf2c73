/// Runs an operation for at most so long.
enum Deadline {
    struct Exceeded: Error {}

    /// - Throws: ``Exceeded`` when the time is over, after the operation has been cancelled and has ended.
    static func run<Result: Sendable>(
        within limit: Duration, _ operation: @escaping @Sendable () async throws -> Result
    ) async throws -> Result {
        try await withThrowingTaskGroup(of: Result.self) { group in
            group.addTask { try await operation() }
            group.addTask {
                try await Task.sleep(for: limit)
                throw Exceeded()
            }
            defer { group.cancelAll() }
            // Two tasks were added, so there is a first.
            guard let result = try await group.next() else { throw Exceeded() }
            return result
        }
    }
}
