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
    private let progress = Mutex(Progress())

    private struct Progress {
        var hasher = SHA256()
        var offset = 0
    }

    init(path: String, sha256: Data, size: Int) {
        (self.path, self.sha256, self.size) = (path, sha256, size)
    }

    func read(at offset: Int, count: Int) async throws -> Data {
        let (path, size) = (path, size)
        let wanted = max(0, min(count, size - offset))
        let bytes = try await ObjectFolder.onThread { () throws -> Data in
            let descriptor = open(path, O_RDONLY | O_CLOEXEC)
            guard descriptor >= 0 else {
                throw VaultError(.damaged, "an attachment can't be read: \(POSIXFailure("open"))", at: path)
            }
            defer { close(descriptor) }
            var bytes = Data(count: wanted)
            let got = bytes.withUnsafeMutableBytes { pread(descriptor, $0.baseAddress, wanted, off_t(offset)) }
            guard got == wanted else {
                throw VaultError(.damaged, "an attachment of \(size) bytes is shorter", at: path)
            }
            return bytes
        }
        try check(bytes, at: offset)
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
