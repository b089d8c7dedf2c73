import Foundation
import Vault

extension VaultConfiguration {
    /// Opens the vault, with its key where there is one.
    ///
    /// - Throws: `SecretError` where the key can't be had, before a vault is made; `VaultError`.
    func open(create: Bool = false, environment: [String: String]?, now: Date) async throws -> Vault {
        let key = try await key?.resolve(environment: environment)
        return try await Vault(at: path, create: create, now: now, key: key)
    }
}
