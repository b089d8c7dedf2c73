import CouchSim
import Foundation
import Secrets
import Supervision
import Testing

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
        _ name: String? = "orders", looks: [Duration] = [.zero], maximum: Duration? = nil, isIncremental: Bool = false
    ) async throws -> [PairVerifier.Outcome] {
        var outcomes: [PairVerifier.Outcome] = []
        var order = PairVerifier.Order(reason: "asked", maximum: maximum)
        order.isIncremental = isIncremental
        try await desk(looks: looks).verify(name, order) { outcomes.append($1) }
        return outcomes
    }
}

/// Runs the body with both servers, each holding the same 50 documents in `orders`.
func withVerificationScene(
    verify: String = "", pairs: String = "[{ source: production, target: standby, databases: [\"*\"] }]",
    _ body: @Sendable (VerificationScene) async throws -> Void
) async throws {
    let folder = try TemporaryFolder()
    try await withSimulatedServers { production, standby in
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
