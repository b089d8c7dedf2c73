import Crypto
import Foundation

/// Seals records with AES-256-GCM and one data key, each bound to its identity.
///
/// A sealed record is the key's number (four bytes, little endian), the nonce (twelve), the bytes, and the tag (sixteen).
struct Sealer: Sendable {
    let database: String
    let number: Int
    let key: SymmetricKey

    static let overhead = 32

    func seal(_ plain: Data, _ kind: RecordIdentity.Kind, _ parts: [Data]) throws -> Data {
        let identity = RecordIdentity(database: database, kind: kind, parts).bytes
        let box = try AES.GCM.seal(plain, using: key, authenticating: identity)
        var sealed = Data(capacity: plain.count + Self.overhead)
        withUnsafeBytes(of: UInt32(truncatingIfNeeded: number).littleEndian) { sealed.append(contentsOf: $0) }
        sealed.append(contentsOf: box.nonce)
        sealed.append(box.ciphertext)
        sealed.append(box.tag)
        return sealed
    }

    /// nil where it is not what was sealed there.
    func open(_ sealed: Data, _ kind: RecordIdentity.Kind, _ parts: [Data]) -> Data? {
        let identity = RecordIdentity(database: database, kind: kind, parts).bytes
        // What does not open was changed or moved, as nil says.
        guard let box = try? AES.GCM.SealedBox(combined: sealed.dropFirst(4)) else { return nil }
        return try? AES.GCM.open(box, using: key, authenticating: identity)
    }

    static func number(of sealed: Data) -> Int? {
        guard sealed.count >= overhead else { return nil }
        return sealed.prefix(4).reversed().reduce(0) { $0 << 8 | Int($1) }
    }
}
