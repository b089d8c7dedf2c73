extension Replicator {
    /// Runs, and calls a function with each new state.
    ///
    /// - Throws: as ``run()``.
    package func run(
        reporting report: @escaping @Sendable (ReplicationProgress) -> Void
    ) async throws -> ReplicationReport {
        try await reporting(report) { try await run() }
    }

    /// Copies a list, and calls a function with each new state.
    ///
    /// - Throws: as ``copy(_:)``.
    package func copy(
        _ documents: [DocumentLeaves], reporting report: @escaping @Sendable (ReplicationProgress) -> Void
    ) async throws -> ReplicationReport {
        try await reporting(report) { try await copy(documents) }
    }

    private func reporting(
        _ report: @escaping @Sendable (ReplicationProgress) -> Void,
        _ body: @escaping @Sendable () async throws -> ReplicationReport
    ) async throws -> ReplicationReport {
        async let telling: Void = {
            for await state in progress { report(state) }
        }()
        let result = try await body()
        await telling
        return result
    }
}
