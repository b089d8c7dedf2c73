import CouchDB
import CouchSim
import Foundation
import Testing
import Vault

/// A keeper of pairs from one simulated server into a vault in its folder.
struct VaultPairScene: Sendable {
    let keeper: Keeper
    let production: SimulatedServer

    var vault: String { path("vault") }

    func path(_ name: String) -> String { keeper.folder.appending(path: name).path(percentEncoded: false) }

    func configure(
        pair: String = "databases: [orders]", vault more: String = "", notify: String = "", verify: String = ""
    ) throws {
        let server = ConfigurationText.Server(production)
        try keeper.configure(
            """
            servers: { production: { url: "\(server.url)", user: "\(server.user)", password: "\(server.password)" } }
            pairs:
              - { source: production, target: vault, \(pair) }
            unprotected: { report: false }
            vault: { path: "\(vault)"\(more) }
            \(notify)
            \(verify)
            """)
    }

    func moments(of name: String = "orders") async throws -> [Moment] {
        guard FileManager.default.fileExists(atPath: vault) else { return [] }
        let opened = try await Vault(at: vault, create: false, now: Date())
        let backup = try await opened.database(name, isWriting: false, now: Date())
        let moments = try await backup.moments()
        try await backup.close()
        return moments
    }

    /// The folder that the catalogue names for the only backup.
    func backupFolder() async throws -> String {
        let opened = try await Vault(at: vault, create: false, now: Date())
        let entry = try #require(try await opened.entries().first)
        return "\(vault)/\(entry.folder)"
    }

    /// Puts the vault's folder out of reach, as it is when a disk is not mounted.
    func move(_ from: String, to: String) throws {
        try FileManager.default.moveItem(atPath: path(from), toPath: path(to))
    }
}

/// Runs the body with a server whose `orders` has five documents, and a pair of it.
func withVaultPairScene(_ body: @Sendable (VaultPairScene) async throws -> Void) async throws {
    try await withSimulatedServer { production in
        try await withKeeper { keeper in
            production.makeDatabases("orders")
            try production.fill("orders", count: 5)
            let scene = VaultPairScene(keeper: keeper, production: production)
            try scene.configure()
            try await body(scene)
        }
    }
}
