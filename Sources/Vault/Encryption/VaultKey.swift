import Crypto
import Foundation
import Secrets

/// The key of an encrypted backup, as a key file holds it in one line.
///
/// A *secret* key reads and writes. A *private* key reads and writes too, and has a *write* key as its public half: with that
/// one a machine can back up, and can't read what it wrote. docs/vault-format.md describes the line.
package struct VaultKey: Sendable {
    package enum Kind: String, Sendable, Hashable, CaseIterable {
        /// One key for everything.
        case secret
        /// Opens what was sealed with the write key.
        case `private`
        /// The public half of a private key.
        case write
    }

    package let kind: Kind
    private let material: Data
    /// The public key of the last two kinds.
    private let publicKey: Curve25519.KeyAgreement.PublicKey?
    /// Makes the digests by which ids, revisions and attachments are found again without being readable.
    let index: SymmetricKey

    private static let prefix = "couchkeep-key-1"
    private static let size = 32
    private static let checkSize = 4

    /// Makes a new key; a write key is made of a private one by ``writeKey``.
    package static func make(isWriteOnly: Bool) throws -> VaultKey {
        let bytes =
            isWriteOnly
            ? Curve25519.KeyAgreement.PrivateKey().rawRepresentation
            : SymmetricKey(size: .bits256).withUnsafeBytes { Data($0) }
        return try VaultKey(isWriteOnly ? .private : .secret, bytes)
    }

    /// Reads the line of a key file.
    ///
    /// - Throws: `VaultError` with code `vault-wrong-key` where it isn't one; the error does not repeat it.
    package init(_ line: Secret) throws {
        let parts = line.reveal().trimmingCharacters(in: .whitespacesAndNewlines).split(separator: ":")
        guard parts.count == 3, parts[0] == Self.prefix, let kind = Kind(rawValue: String(parts[1])),
            let bytes = Data(base64Encoded: String(parts[2])), bytes.count > Self.checkSize
        else { throw Self.malformed("it is not a line of the form \(Self.prefix):KIND:…") }
        // Two texts must not be one key: base64 leaves some bits of the last character open.
        guard bytes.base64EncodedString() == parts[2] else { throw Self.malformed("a character of it is wrong") }
        let material = bytes.dropLast(Self.checkSize)
        guard Self.check(kind, material) == bytes.suffix(Self.checkSize) else {
            throw Self.malformed("a character of it is wrong")
        }
        try self.init(kind, Data(material))
    }

    init(_ kind: Kind, _ material: Data) throws {
        (self.kind, self.material) = (kind, material)
        guard material.count == (kind == .write ? 2 : 1) * Self.size else { throw Self.malformed("it is too short") }
        switch kind {
        case .secret:
            publicKey = nil
            index = Self.derived(material, "index")
        case .private:
            publicKey = try Curve25519.KeyAgreement.PrivateKey(rawRepresentation: material).publicKey
            index = Self.derived(material, "index")
        case .write:
            publicKey = try Curve25519.KeyAgreement.PublicKey(rawRepresentation: material.prefix(Self.size))
            index = SymmetricKey(data: material.suffix(Self.size))
        }
    }

    /// The line for a key file.
    package var line: Secret {
        let bytes = material + Self.check(kind, material)
        return Secret("\(Self.prefix):\(kind.rawValue):\(bytes.base64EncodedString())")
    }

    /// The public half, for a machine that only writes; nil for a secret key, which has none.
    package var writeKey: VaultKey? {
        get throws {
            guard let publicKey else { return nil }
            return try VaultKey(.write, publicKey.rawRepresentation + index.withUnsafeBytes { Data($0) })
        }
    }

    package var canRead: Bool { kind != .write }

    /// Names the key without telling it; a private key and its write key have the same one.
    package var id: String {
        var hasher = SHA256()
        hasher.update(data: Data("couchkeep key id".utf8))
        index.withUnsafeBytes { hasher.update(bufferPointer: $0) }
        hasher.update(data: publicKey?.rawRepresentation ?? Data())
        return hasher.finalize().prefix(8).map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
    }

    private static let suite = HPKE.Ciphersuite(
        kem: .Curve25519_HKDF_SHA256, kdf: .HKDF_SHA256, aead: .AES_GCM_256)
    private static let encapsulatedSize = 32

    /// Wraps a data key, so that only a reader has it.
    func wrap(_ key: SymmetricKey, as identity: Data) throws -> Data {
        let bytes = key.withUnsafeBytes { Data($0) }
        guard let publicKey else {
            return try AES.GCM.seal(bytes, using: Self.derived(material, "wrap"), authenticating: identity).combined
                ?? Data()
        }
        var sender = try HPKE.Sender(recipientKey: publicKey, ciphersuite: Self.suite, info: Self.info)
        return sender.encapsulatedKey + (try sender.seal(bytes, authenticating: identity))
    }

    /// Unwraps a data key.
    ///
    /// - Throws: `VaultError` with code `vault-key-missing` for a write key; an error of Crypto where it was changed.
    func unwrap(_ wrapped: Data, as identity: Data) throws -> SymmetricKey {
        switch kind {
        case .secret:
            let box = try AES.GCM.SealedBox(combined: wrapped)
            return SymmetricKey(
                data: try AES.GCM.open(box, using: Self.derived(material, "wrap"), authenticating: identity))
        case .private:
            var recipient = try HPKE.Recipient(
                privateKey: try Curve25519.KeyAgreement.PrivateKey(rawRepresentation: material),
                ciphersuite: Self.suite, info: Self.info, encapsulatedKey: wrapped.prefix(Self.encapsulatedSize))
            return SymmetricKey(
                data: try recipient.open(wrapped.dropFirst(Self.encapsulatedSize), authenticating: identity))
        case .write:
            throw VaultError.onlyWrites(self, at: "key \(id)")
        }
    }

    private static let info = Data("couchkeep vault 1".utf8)

    private static func derived(_ material: Data, _ purpose: String) -> SymmetricKey {
        HKDF<SHA256>.deriveKey(
            inputKeyMaterial: SymmetricKey(data: material), info: Data("couchkeep \(purpose)".utf8),
            outputByteCount: size)
    }

    private static func check(_ kind: Kind, _ material: Data) -> Data {
        Data(SHA256.hash(data: Data("\(prefix):\(kind.rawValue):".utf8) + material).prefix(checkSize))
    }

    private static func malformed(_ what: String) -> VaultError {
        VaultError(.wrongKey, "the key can't be read: \(what)", at: "key", next: "give the file that key new wrote")
    }
}

extension VaultKey: CustomStringConvertible, CustomReflectable {
    /// Its kind and id, never the key.
    package var description: String { "\(kind.rawValue) key \(id)" }
    package var customMirror: Mirror { Mirror(self, children: []) }
}
