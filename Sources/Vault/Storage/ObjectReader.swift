import Crypto
import Foundation
import Replication
import Synchronization

/// The bytes of a large attachment, read from its file piece by piece.
///
/// Where they are read from the first to the last, as sending does, their hash is checked behind the last piece.
final class ObjectReader: AttachmentReader {
    let size: Int
    private let path: String
    private let sha256: Data
    private let still: StillFile?
    private let progress = Mutex(Progress())

    private struct Progress {
        var hasher = SHA256()
        var offset = 0
    }

    /// - Parameter still: the backup's own file, which a pruning changes before it removes those of attachments.
    init(path: String, sha256: Data, size: Int, still: StillFile?) {
        (self.path, self.sha256, self.size, self.still) = (path, sha256, size, still)
    }

    func read(at offset: Int, count: Int) async throws -> Data {
        let (path, size, still) = (path, size, still)
        let wanted = max(0, min(count, size - offset))
        let bytes = try await ObjectFolder.onThread {
            try still.reading { try Self.read(path, at: offset, count: wanted, of: size) }
        }
        try check(bytes, at: offset)
        return bytes
    }

    private static func read(_ path: String, at offset: Int, count: Int, of size: Int) throws -> Data {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw VaultError.unopened(attachment: path) }
        defer { close(descriptor) }
        var bytes = Data(count: count)
        let got = bytes.withUnsafeMutableBytes { pread(descriptor, $0.baseAddress, count, off_t(offset)) }
        guard got == count else {
            throw VaultError(.damaged, "an attachment of \(size) bytes is shorter", at: path)
        }
        return bytes
    }

    private func check(_ bytes: Data, at offset: Int) throws {
        let isRight = progress.withLock { progress in
            if offset == 0 { progress = Progress() }
            guard offset == progress.offset, offset < size else { return true }
            progress.hasher.update(data: bytes)
            progress.offset += bytes.count
            return progress.offset < size || Data(progress.hasher.finalize()) == sha256
        }
        guard isRight else {
            throw VaultError(.damaged, "the bytes of an attachment are not those that were stored", at: path)
        }
    }
}
