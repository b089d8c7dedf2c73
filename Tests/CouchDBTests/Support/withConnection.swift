import NIOSSL
import Secrets

@testable import CouchDB

/// Runs a scripted server and a connection to it, and shuts both down.
func withConnection<R: Sendable>(
    _ authentication: Authentication = .none, configuration: ConnectionConfiguration = .init(),
    pacing: Pacing = ManualPacing().pacing, prefix: String = "",
    script: @escaping ScriptedServer.Script,
    _ body: @escaping @Sendable (ServerConnection, ScriptedServer) async throws -> R
) async throws -> R {
    try await withScriptedServer(script) { (server) async throws in
        let connection = try ServerConnection(
            url: try ServerURL("http://127.0.0.1:\(server.port)\(prefix)"), authentication: authentication,
            configuration: configuration, pacing: pacing)
        return try await shuttingDown(connection) { try await body(connection, server) }
    }
}

/// Shuts a connection down after `body`, whatever became of it.
func shuttingDown<R>(_ connection: ServerConnection, _ body: () async throws -> R) async throws -> R {
    do {
        let result = try await body()
        try await connection.shutdown()
        return result
    } catch {
        try await connection.shutdown()
        throw error
    }
}

/// Runs `body` and returns the CouchDB error that it must throw.
func couchError(_ body: () async throws -> some Any) async throws -> CouchError {
    do {
        let value = try await body()
        throw Unexpected(description: "no error was thrown, but \(value) returned")
    } catch let error as CouchError {
        return error
    }
}

/// What a test did not expect.
struct Unexpected: Error, CustomStringConvertible {
    let description: String
}
