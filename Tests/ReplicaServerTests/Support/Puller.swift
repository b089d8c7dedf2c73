import CouchDB
import CouchSim
import Foundation
import Replication
import Secrets
import Testing

/// A CouchDB server that replicates for a test.
struct Puller: Sendable {
    var connection: ServerConnection
    var baseURL: String

    func pull(_ source: JSONValue, options: [String: JSONValue] = [:]) async throws -> JSONValue {
        var members = options
        members["source"] = source
        members["target"] = ["url": .string(baseURL + "/copy"), "auth": ["basic": credentials]]
        return try await connection.replicate(members, timeout: .seconds(120))
    }

    /// Writes a replication document; the scheduler then makes a job of it.
    func schedule(_ id: String, from source: JSONValue) async throws {
        let replicator = connection.database("_replicator")
        _ = try await replicator.putDocument(
            id,
            members: [
                "source": source, "target": ["url": .string(baseURL + "/copy"), "auth": ["basic": credentials]],
            ])
    }

    var credentials: JSONValue
    var target: CouchDatabase { connection.database("copy") }

    /// Pulls, compares, and pulls again, which finds nothing more to do.
    func pullTwice(
        _ replica: MemoryReplica, from source: RunningServer, database: String = "db", isExact: Bool = true
    ) async throws {
        let url: JSONValue = ["url": .string(source.baseURL + "/" + database)]
        let first = try await pull(url)
        #expect(first["ok"] == true, "\(first)")
        #expect(first["history"]?.array?.first?["doc_write_failures"] == 0, "\(first)")
        try await expectEqual(replica, target, isExact: isExact)
        let second = try await pull(url)
        // CouchDB says so where the checkpoints agree and nothing came behind them.
        let session = second["history"]?.array?.first
        #expect(second["no_changes"] == true || session?["docs_read"] == 0, "\(second)")
        #expect(second["source_last_seq"] == first["source_last_seq"])
    }
}

func withSimulated(
    version: ServerVersion = ServerVersion(3, 5), _ body: @escaping @Sendable (Puller) async throws -> Void
) async throws {
    try await withSimulatedServer(CouchSim.ServerOptions(version: version)) { server in
        try await withPuller(server.baseURL, server.administrator, server.password, body)
    }
}

func withReal(_ body: @escaping @Sendable (Puller) async throws -> Void) async throws {
    try await withLocalCouchDB { server in
        try await withPuller(server.baseURL, server.administrator, server.password, body)
    }
}

func withPuller(
    _ baseURL: String, _ user: String, _ password: Secret, _ body: @Sendable (Puller) async throws -> Void
) async throws {
    let connection = try ServerConnection(
        url: try ServerURL(baseURL), authentication: .basic(user: user, password: password))
    do {
        try await connection.database("copy").create()
        try await body(
            Puller(
                connection: connection, baseURL: baseURL,
                credentials: ["username": .string(user), "password": .string(password.reveal())]))
    } catch {
        try await connection.shutdown()
        throw error
    }
    try await connection.shutdown()
}
