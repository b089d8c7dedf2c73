import Foundation

/// The right to be the only couchkeep at work on a state folder.
///
/// The kernel drops it when the process ends, however it ends, so there is no stale lock to clean up.
package final class StateLock: Sendable {
    private let descriptor: Int32

    /// Takes the lock of a folder.
    ///
    /// - Throws: `StateError` with code `locked` where another process has it; the detail names that process.
    package init(folder: String) throws {
        let path = (folder as NSString).appendingPathComponent("lock")
        descriptor = open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw StateError(making: path, number: errno)
        }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            guard errno == EWOULDBLOCK else { throw StateError(making: path, number: errno) }
            var buffer = [UInt8](repeating: 0, count: 64)
            let count = read(descriptor, &buffer, buffer.count)
            // The descriptor is closed by deinit, here too: the value was complete before it is thrown away.
            let owner = String(decoding: buffer.prefix(max(0, count)), as: UTF8.self).trimmingCharacters(
                in: .whitespacesAndNewlines)
            throw StateError(
                .locked, path: path, detail: "another couchkeep is at work\(owner.isEmpty ? "" : ", process \(owner)")")
        }
        ftruncate(descriptor, 0)
        let owner = Array("\(getpid())\n".utf8)
        // The number is only for people: where it can't be written, the lock holds all the same.
        _ = write(descriptor, owner, owner.count)
    }

    /// Gives the lock back. It also ends with the value, and with the process.
    package func release() { flock(descriptor, LOCK_UN) }

    deinit { close(descriptor) }
}
