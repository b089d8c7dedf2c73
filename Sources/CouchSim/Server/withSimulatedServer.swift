/// Runs a simulated server while `body` runs.
package func withSimulatedServer<Result: Sendable>(
    _ options: ServerOptions = ServerOptions(), _ body: @Sendable (SimulatedServer) async throws -> Result
) async throws -> Result {
    let server = try await SimulatedServer(options)
    return try await withThrowingTaskGroup { group in
        group.addTask { try await server.run() }
        defer { group.cancelAll() }
        try await server.start()
        return try await body(server)
    }
}

/// Runs two simulated servers, a source and a target, while `body` runs.
package func withSimulatedServers<Result: Sendable>(
    _ first: ServerOptions = ServerOptions(), _ second: ServerOptions = ServerOptions(),
    _ body: @Sendable (_ first: SimulatedServer, _ second: SimulatedServer) async throws -> Result
) async throws -> Result {
    try await withSimulatedServer(first) { first in
        try await withSimulatedServer(second) { second in try await body(first, second) }
    }
}
