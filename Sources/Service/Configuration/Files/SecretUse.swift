import Secrets

/// A secret that the configuration uses.
package struct SecretUse: Sendable, Equatable {
    /// What kind of text it must be.
    package enum Purpose: Sendable, Equatable {
        case password
        case url
        /// A key of the vault, as `couchkeep key new` writes it.
        case vaultKey
    }

    /// The key, such as `servers.production.password`.
    package let path: String
    package let source: SecretSource
    package let purpose: Purpose
    package let position: FilePosition
}
