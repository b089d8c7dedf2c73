import Crypto
import CryptoExtras
import Foundation
import Secrets

/// What opens an encrypted backup.
package enum KeySource: Sendable {
    case key(VaultKey)
    case passphrase(Secret)
}

/// How a passphrase becomes a key: scrypt, whose costs are those that OWASP advises.
enum PassphraseKey {
    static let saltSize = 16
    private static let rounds = 1 << 16
    private static let blockSize = 8
    private static let parallelism = 2

    /// Takes some tenths of a second and 64 MiB, on purpose. Blocks.
    static func derive(_ passphrase: Secret, salt: Data) throws -> SymmetricKey {
        // One spelling of what looks alike: another keyboard may write it in another normal form.
        let text = passphrase.reveal().precomposedStringWithCanonicalMapping
        return try KDF.Scrypt.deriveKey(
            from: Data(text.utf8), salt: salt, outputByteCount: 32, rounds: rounds, blockSize: blockSize,
            parallelism: parallelism)
    }
}
