import Crypto
import Foundation
import GRDB
import Secrets

/// What a backup tells of its encryption: which key opens it, and for a passphrase how.
struct SealingRow: Sendable {
    /// The key's id.
    var key: String
    /// `secret`, `passphrase` or `public`.
    var form: Form
    var salt: Data?
    /// The secret key, wrapped by the one that the passphrase makes.
    var wrapped: Data?

    enum Form: String, Sendable {
        case secret, passphrase
        case `public`
    }

    /// The row for a new backup, with the key to go on with. Blocks.
    static func make(_ source: KeySource, database: String) throws -> SealingRow {
        switch source {
        case .key(let key):
            return SealingRow(key: key.id, form: key.kind == .secret ? .secret : .public)
        case .passphrase(let passphrase):
            let salt = SymmetricKey(size: .init(bitCount: PassphraseKey.saltSize * 8)).withUnsafeBytes { Data($0) }
            let secret = SymmetricKey(size: .bits256).withUnsafeBytes { Data($0) }
            let box = try AES.GCM.seal(
                secret, using: PassphraseKey.derive(passphrase, salt: salt), authenticating: identity(database))
            return SealingRow(
                key: try VaultKey(.secret, secret).id, form: .passphrase, salt: salt, wrapped: box.combined)
        }
    }

    /// The backup's row; nil where it is not encrypted.
    init?(_ database: Database) throws {
        guard !(try Ledger.sealing.numbers(database)).isEmpty else { return nil }
        guard let row = try Ledger.sealing.sound(1, database), let form = Form(rawValue: try row.checked(2)) else {
            throw DatabaseError(resultCode: .SQLITE_CORRUPT, message: "the row of the encryption was changed")
        }
        (key, self.form) = (try row.checked(1), form)
        (salt, wrapped) = (try row.checkedOptional(3), try row.checkedOptional(4))
    }

    private init(key: String, form: Form, salt: Data? = nil, wrapped: Data? = nil) {
        (self.key, self.form, self.salt, self.wrapped) = (key, form, salt, wrapped)
    }

    func insert(_ database: Database) throws {
        try Ledger.sealing.insertTwice(1, [key, form.rawValue, salt, wrapped], database)
    }

    /// The key, where the source has it. Blocks.
    ///
    /// - Throws: `VaultError` with code `vault-wrong-key`.
    func unlock(_ source: KeySource, database: String, at path: String) throws -> VaultKey {
        switch source {
        case .key(let key):
            guard key.id == self.key else { throw wrong("the key is \(key.id), and the backup's is \(self.key)", path) }
            return key
        case .passphrase(let passphrase):
            guard form == .passphrase, let salt, let wrapped else {
                throw wrong("the backup was not encrypted with a passphrase but with the key \(key)", path)
            }
            do {
                let secret = try AES.GCM.open(
                    try AES.GCM.SealedBox(combined: wrapped),
                    using: PassphraseKey.derive(passphrase, salt: salt), authenticating: Self.identity(database))
                return try VaultKey(.secret, secret)
            } catch is CryptoKitError {
                throw wrong("the passphrase does not open the backup", path)
            }
        }
    }

    private func wrong(_ what: String, _ path: String) -> VaultError { VaultError(.wrongKey, what, at: path) }

    private static func identity(_ database: String) -> Data {
        RecordIdentity(database: database, kind: .secretKey, []).bytes
    }
}
