import CouchDB
import CouchSim
import Foundation
import Replication
import Secrets
import Supervision
import Testing
import Vault

@testable import Service

/// Two simulated servers with a database of the same content, and a configuration with the pair.
struct VerificationScene: Sendable {
    let folder: TemporaryFolder
    let production: SimulatedServer
    let standby: SimulatedServer
    let loaded: LoadedConfiguration

    func desk(looks: [Duration] = [.zero], now: @escaping @Sendable () -> Date = { Date() }) -> VerificationDesk {
        var desk = VerificationDesk(loaded, now: now)
        desk.looks = looks
        return desk
    }

    var state: StateDatabase { get throws { try StateFolder(loaded).open() } }

    /// Verifies the pairs of a name.
    func verify(
        _ name: String? = "orders", level: Verification.Level = .revisions, looks: [Duration] = [.zero],
        maximum: Duration? = nil, isIncremental: Bool = false
    ) async throws -> [PairVerifier.Outcome] {
        var outcomes: [PairVerifier.Outcome] = []
        var order = PairVerifier.Order(level: level, reason: "asked", maximum: maximum)
        order.isIncremental = isIncremental
        try await desk(looks: looks).verify(name, order) { outcomes.append($1) }
        return outcomes
    }

    /// The pair whose backup is in the vault, for the configuration.
    static let pairInVault = #"[{ source: production, target: vault, databases: ["*"] }]"#

    /// Looks and backs up, but verifies nothing.
    @discardableResult
    func backUp() async throws -> CheckRun.Outcome {
        var check = CheckRun(loaded)
        check.verifies = false
        return try await check.run(PassOptions())
    }

    /// The moments of the backup in the vault.
    func moments(of name: String = "orders") async throws -> [Moment] {
        try await Vault(at: "\(folder.path)/vault", create: false, now: Date())
            .withDatabase(name, isWriting: false, now: Date()) { try await $0.moments() }
    }

    /// Removes a document from a server's `orders` without a trace, but for the count of purges.
    func purge(_ id: String, at server: SimulatedServer) async throws {
        let connection = try ServerConnection(
            url: ServerURL(server.baseURL),
            authentication: .basic(user: server.administrator, password: server.password))
        let revision = try await connection.database("orders").document(id)?["_rev"]
        _ = try await connection.json(
            .post, ["orders", "_purge"], body: .object([id: .array([try #require(revision)])]))
        try await connection.shutdown()
    }
}

/// Runs the body with both servers, each holding the same 50 documents in `orders`.
///
/// - Parameter otherNodes: the nodes of the source's cluster beside the one that answers.
func withVerificationScene(
    verify: String = "", pairs: String = "[{ source: production, target: standby, databases: [\"*\"] }]",
    otherNodes: [String] = [], _ body: @Sendable (VerificationScene) async throws -> Void
) async throws {
    let folder = try TemporaryFolder()
    var cluster = ServerOptions()
    cluster.otherNodes = otherNodes
    try await withSimulatedServers(cluster) { production, standby in
        for server in [production, standby] {
            server.makeDatabases("orders")
            try server.fill("orders", count: 50)
        }
        let member = { (server: SimulatedServer) in
            #"{ url: "\#(server.baseURL)", user: "\#(server.administrator)", password: "\#(server.password.reveal())" }"#
        }
        let loaded = try Samples.read(
            """
            servers: { production: \(member(production)), standby: \(member(standby)) }
            pairs: \(pairs)
            unprotected: { report: false }
            state: "\(folder.path)/state"
            vault: { path: "\(folder.path)/vault" }
            \(verify)
            """)
        try await body(
            VerificationScene(folder: folder, production: production, standby: standby, loaded: loaded))
    }
}
