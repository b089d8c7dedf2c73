import Foundation

/// Whether a backup is encrypted, and what this opening of it can do.
enum BackupEncryption: Sendable {
    case none
    /// It is, and no key was given: it can be checked, listed and pruned.
    case locked(key: String)
    case open(Keyring)
}

/// What a backup tells of its encryption.
package struct EncryptionDescription: Sendable, Hashable {
    /// The id of the key that opens it.
    package var key: String
    /// Whether this opening can back up into it.
    package var canWrite: Bool
    /// Whether this opening can read documents.
    package var canRead: Bool
}

extension VaultDatabase {
    /// How the backup is encrypted; nil where it isn't.
    package var encryption: EncryptionDescription? {
        switch file.encryption {
        case .none: nil
        case .locked(let key): EncryptionDescription(key: key, canWrite: false, canRead: false)
        case .open(let keyring):
            EncryptionDescription(key: keyring.key.id, canWrite: true, canRead: keyring.key.canRead)
        }
    }

    /// Whether this opening can back up, before anything is asked of a source.
    ///
    /// - Throws: `VaultError` with code `vault-key-missing`.
    package func expectWritable() throws { _ = try file.keyring() }

    /// Whether this opening can read documents, before anything is asked of a target.
    ///
    /// - Throws: `VaultError` with code `vault-key-missing`.
    package func expectReadable() throws {
        guard let keyring = try file.keyring(), !keyring.key.canRead else { return }
        throw VaultError.onlyWrites(keyring.key, at: name)
    }

    /// The key of the backup, to keep where the passphrase may be forgotten; nil where it is not encrypted.
    ///
    /// - Throws: `VaultError` with code `vault-key-missing` where it was opened without a key.
    package func exportKey() throws -> VaultKey? { try file.keyring()?.key }
}

extension VaultFile {
    /// The keys; nil where the backup is not encrypted.
    ///
    /// - Throws: `VaultError` with code `vault-key-missing` where no key was given.
    func keyring() throws -> Keyring? {
        switch encryption {
        case .none: return nil
        case .open(let keyring): return keyring
        case .locked(let key):
            throw VaultError(.keyMissing, "the backup is encrypted with the key \(key)", at: path)
        }
    }

    func naming() throws -> Naming { Naming(keyring: try keyring()) }

    var isEncrypted: Bool { if case .none = encryption { false } else { true } }
}
