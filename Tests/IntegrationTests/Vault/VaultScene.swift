import CouchDB
import CouchSim
import Foundation
import Secrets
import Testing

/// A folder with a vault, and the built program that works on it without a configuration.
struct VaultScene: Sendable {
    let folder: URL

    var vault: String { path("vault") }

    func path(_ name: String) -> String { folder.appending(path: name).path(percentEncoded: false) }

    func exists(_ name: String) -> Bool { FileManager.default.fileExists(atPath: path(name)) }

    /// The permission bits of a file.
    func mode(_ name: String) throws -> Int? {
        try FileManager.default.attributesOfItem(atPath: path(name))[.posixPermissions] as? Int
    }

    /// Runs a command in the folder, on its vault.
    func run(_ arguments: [String], environment: [String: String] = [:]) async throws -> Program.Run {
        try await Program.run(arguments, environment: environment, in: folder)
    }

    /// Backs a database of a simulated server up.
    func backUp(
        _ database: String, of server: SimulatedServer, _ options: [String] = [], environment: [String: String] = [:]
    ) async throws -> Program.Run {
        try await run(
            ["backup", "\(server.baseURL)/\(database)", "--vault", vault, "--user", server.administrator] + options,
            environment: environment.merging(["COUCHKEEP_PASSWORD": server.password.reveal()]) { $1 })
    }

    /// Makes databases with some documents, and backs each of them up.
    func backUp(new databases: [String], of server: SimulatedServer, count: Int = 5) async throws {
        for name in databases {
            server.makeDatabases(name)
            try server.fill(name, count: count)
            #expect(try await backUp(name, of: server).exitCode == 0)
        }
    }

    /// Restores a backup into a database of a simulated server.
    func restore(
        _ backup: String, to database: String, of server: SimulatedServer, _ options: [String] = [],
        environment: [String: String] = [:]
    ) async throws -> Program.Run {
        try await run(
            [
                "restore", backup, "--to", "\(server.baseURL)/\(database)", "--vault", vault, "--user",
                server.administrator,
            ] + options,
            environment: environment.merging(["COUCHKEEP_PASSWORD": server.password.reveal()]) { $1 })
    }
}

/// Runs the body with a folder of its own, which is removed afterwards.
func withVaultScene<Result>(_ body: (VaultScene) async throws -> Result) async throws -> Result {
    try await withKeeper { try await body(VaultScene(folder: $0.folder)) }
}
