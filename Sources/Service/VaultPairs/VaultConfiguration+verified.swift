import Foundation
import Vault

extension VaultConfiguration {
    /// Notes of a moment that it was compared and found equal, so that no prune drops the newest such moment.
    ///
    /// A backup that is under way just now, or a folder that can't be written to, is no reason to doubt the comparison.
    func markVerified(_ moment: Int, of name: String, environment: [String: String]?, at time: Date) async throws {
        do {
            let vault = try await Vault(
                at: path, create: false, now: time, key: try await key?.resolve(environment: environment))
            try await vault.withDatabase(name, isWriting: true, now: time) {
                try await $0.markVerified(moment, at: time)
            }
        } catch let error as VaultError where [.locked, .readOnly, .inaccessible].contains(error.code) {}
    }
}
