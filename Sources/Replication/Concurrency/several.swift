/// Runs so many tasks of one kind, one at least; the first failure ends all and is thrown.
func several(_ count: Int, _ body: @escaping @Sendable () async throws -> Void) async throws {
    try await withThrowingTaskGroup { group in
        for _ in 0..<max(1, count) { group.addTask { try await body() } }
        while try await group.next() != nil {}
    }
}
