import Foundation
import Vault

/// Of which source a backup in the vault is.
struct VaultBinding: Sendable, Hashable {
    /// The source's URL; empty where nothing was backed up yet.
    var source: String
    /// The time of the newest moment.
    var newest: Date?

    /// Reads it of the backups of these names that there are.
    ///
    /// One that can't be read is left out: the look at the pair that it belongs to tells why.
    ///
    /// - Throws: `CancellationError`.
    static func read(of names: Set<String>, in path: String) async throws -> [String: VaultBinding] {
        guard FileManager.default.fileExists(atPath: path) else { return [:] }
        var bindings: [String: VaultBinding] = [:]
        do {
            let vault = try await Vault(at: path, create: false, now: Date())
            for entry in try await vault.entries() where names.contains(entry.name) {
                do {
                    bindings[entry.name] = try await read(of: entry.name, in: vault)
                } catch is VaultError {
                    continue
                }
            }
        } catch is VaultError {
            return [:]
        }
        return bindings
    }

    private static func read(of name: String, in vault: Vault) async throws -> VaultBinding? {
        try await vault.withDatabase(name, isWriting: false, now: Date()) { backup in
            let epoch = try await backup.newestEpoch()
            return VaultBinding(source: epoch.source.name, newest: try await backup.moments().last?.time)
        }
    }
}
