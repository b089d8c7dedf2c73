import Crypto
import Foundation
import Replication

/// The form of a large attachment's file in an encrypted backup.
///
/// First the file's own random name (sixteen bytes), then sealed pieces of 64 KiB, the last one shorter; each is bound to the
/// file's name and its place. The attachment's row seals that name and the number of bytes.
struct SealedObject: Sendable {
    static let piece = 64 << 10
    static let nameSize = 16

    let name: Data
    let sealer: Sealer

    init(sealer: Sealer) {
        name = SymmetricKey(size: .bits128).withUnsafeBytes { Data($0) }
        self.sealer = sealer
    }

    init(name: Data, sealer: Sealer) { (self.name, self.sealer) = (name, sealer) }

    func seal(_ piece: Data, at number: Int) throws -> Data {
        try sealer.seal(piece, .object, [name, Data(number: number)])
    }

    func open(_ piece: Data, at number: Int) -> Data? { sealer.open(piece, .object, [name, Data(number: number)]) }

    /// How long the file of an attachment is.
    static func fileSize(of size: Int) -> Int {
        nameSize + size + (size + piece - 1) / piece * Sealer.overhead
    }

    static func place(of number: Int) -> Int { nameSize + number * (piece + Sealer.overhead) }
}

/// The bytes of a large attachment of an encrypted backup.
struct SealedObjectReader: AttachmentReader {
    let path: String
    let size: Int
    let object: SealedObject
    /// As of ``ObjectReader``.
    let still: StillFile?

    func read(at offset: Int, count: Int) async throws -> Data {
        let end = min(size, offset + max(0, count))
        guard offset >= 0, offset < end else { return Data() }
        var bytes = Data(capacity: end - offset)
        while offset + bytes.count < end { bytes += try await part(from: offset + bytes.count, to: end) }
        return bytes
    }

    /// The bytes up to the end of one piece.
    private func part(from offset: Int, to end: Int) async throws -> Data {
        let number = offset / SealedObject.piece
        let length = min(SealedObject.piece, size - number * SealedObject.piece) + Sealer.overhead
        let (path, object, still) = (path, object, still)
        return try await ObjectFolder.onThread {
            let (name, sealed) = try still.reading {
                try Self.read(path, at: SealedObject.place(of: number), count: length)
            }
            guard name == object.name, let plain = object.open(sealed, at: number) else {
                throw VaultError(.damaged, "the bytes of an attachment are not those that were stored", at: path)
            }
            let start = offset - number * SealedObject.piece
            return Data(plain.dropFirst(start).prefix(end - offset))
        }
    }

    private static func read(_ path: String, at place: Int, count: Int) throws -> (name: Data, piece: Data) {
        let descriptor = Foundation.open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw VaultError.unopened(attachment: path) }
        defer { close(descriptor) }
        var (name, piece) = (Data(count: SealedObject.nameSize), Data(count: count))
        let (first, second) = (
            name.withUnsafeMutableBytes { pread(descriptor, $0.baseAddress, $0.count, 0) },
            piece.withUnsafeMutableBytes { pread(descriptor, $0.baseAddress, $0.count, off_t(place)) }
        )
        guard first == name.count, second == count else {
            throw VaultError(.damaged, "the file of an attachment is shorter", at: path)
        }
        return (name, piece)
    }
}
