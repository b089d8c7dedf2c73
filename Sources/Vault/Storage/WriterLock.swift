import Foundation
import Synchronization

/// The right to be the only one that writes to a database of the vault.
///
/// The kernel drops it when the process ends, however it ends, so there is no stale lock to clean up.
final class WriterLock: Sendable {
    private let descriptor: Mutex<Int32?>

    /// Takes the lock of a folder. Blocks for a moment at most.
    ///
    /// - Throws: `VaultError` with code `vault-locked` where another writer has it.
    init(folder: String) throws {
        let path = "\(folder)/lock"
        let descriptor = open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw VaultError.wrapping(POSIXFailure("open \(path)"), at: folder) }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let failure = POSIXFailure("flock \(path)")
            var buffer = [UInt8](repeating: 0, count: 32)
            let count = read(descriptor, &buffer, buffer.count)
            close(descriptor)
            guard failure.number == EWOULDBLOCK else { throw VaultError.wrapping(failure, at: folder) }
            let owner = String(decoding: buffer.prefix(max(0, count)), as: UTF8.self)
                .trimmingCharacters(in: .whitespacesAndNewlines)
            throw VaultError(
                .locked, "another couchkeep writes to it\(owner.isEmpty ? "" : ", process \(owner)")", at: folder)
        }
        self.descriptor = Mutex(descriptor)
        // The number is only for people: where it can't be written, the lock holds all the same.
        ftruncate(descriptor, 0)
        let owner = Array("\(getpid())\n".utf8)
        _ = write(descriptor, owner, owner.count)
    }

    /// Gives the lock back and closes its file. It also ends with the value, and with the process.
    func release() {
        descriptor.withLock { descriptor in
            if let open = descriptor { close(open) }
            descriptor = nil
        }
    }

    deinit { release() }
}
