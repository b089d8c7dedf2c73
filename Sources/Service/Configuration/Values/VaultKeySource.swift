import Secrets
import Vault

/// Where what opens a vault's backups comes from.
package enum VaultKeySource: Sendable, Equatable {
    /// A line that `couchkeep key new` wrote.
    case key(SecretSource)
    case passphrase(SecretSource)

    /// Fetches it.
    ///
    /// - Throws: `VaultError` with code `vault-key-missing` where it is not there, `vault-wrong-key` where it is no key.
    package func resolve(environment: [String: String]? = nil) async throws -> KeySource {
        switch self {
        case .key(let source):
            let line = try await Self.fetch(source, environment)
            do {
                return .key(try VaultKey(line))
            } catch let error as VaultError {
                throw VaultError(error.code, error.what, at: "\(source)", next: error.next)
            }
        case .passphrase(let source):
            return .passphrase(try await Self.fetch(source, environment))
        }
    }

    private static func fetch(_ source: SecretSource, _ environment: [String: String]?) async throws -> Secret {
        do {
            return try await source.resolve(environment: environment)
        } catch let error as SecretError {
            throw VaultError(.keyMissing, error.message, at: "\(source)", next: error.nextStep)
        }
    }
}
