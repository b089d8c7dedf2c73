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

    /// Notes of a moment that it was compared and found equal, so that no prune drops the newest such moment.
    ///
    /// A backup that is under way just now, or a folder that can't be written to, is no reason to doubt the comparison.
    func markVerified(_ moment: Int, of name: String, environment: [String: String]?, at time: Date) async throws {
        do {
            try await open(environment: environment, now: time).withDatabase(name, isWriting: true, now: time) {
                try await $0.markVerified(moment, at: time)
            }
        } catch let error as VaultError where error.keepsFromWriting {}
    }
}
