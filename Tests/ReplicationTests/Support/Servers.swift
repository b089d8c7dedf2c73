import CouchDB
import CouchSim
import Foundation
import Secrets

@testable import Replication

/// Runs a simulated server with a database, and a replica of it, while `body` runs.
func withSimulatedReplica(
    _ version: ServerVersion = ServerVersion(3, 5), of database: String = "db", limits: CouchReplica.Limits = .init(),
    otherNodes: [String] = [], _ body: @escaping @Sendable (SimulatedServer, CouchReplica) async throws -> Void
) async throws {
    var options = ServerOptions()
    (options.version, options.otherNodes) = (version, otherNodes)
    try await withSimulatedServer(options) { server in
        server.makeDatabases("db")
        var configuration = ConnectionConfiguration()
        (configuration.maximumRetries, configuration.retryBase) = (1, .milliseconds(1))
        let connection = try ServerConnection(
            url: try ServerURL(server.baseURL), authentication: .basic(user: "admin", password: Secret("secret")),
            configuration: configuration)
        try await shuttingDown(connection) {
            try await body(server, CouchReplica(connection.database(database), limits: limits))
        }
    }
}

/// Runs a real CouchDB while `body` runs.
func withRealServer(_ body: @escaping @Sendable (ServerConnection) async throws -> Void) async throws {
    try await withLocalCouchDB { server in
        let connection = try ServerConnection(
            url: try ServerURL(server.baseURL),
            authentication: .basic(user: server.administrator, password: server.password))
        try await shuttingDown(connection) { try await body(connection) }
    }
}

/// Shuts a connection down after `body`, whatever became of it.
private func shuttingDown(_ connection: ServerConnection, _ body: () async throws -> Void) async throws {
    do {
        try await body()
    } catch {
        try await connection.shutdown()
        throw error
    }
    try await connection.shutdown()
}
