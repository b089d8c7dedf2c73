/// Runs several things at once until the first one ends, then cancels the others and waits for them.
func race(_ operations: (@Sendable () async throws -> Void)...) async throws {
    try await withThrowingTaskGroup { group in
        for operation in operations { group.addTask { try await operation() } }
        defer { group.cancelAll() }
        try await group.next()
    }
}
