import Foundation

/// A file by which processes keep each other waiting. The kernel drops a lock when its process ends, however it ends.
struct LockFile: Sendable {
    /// How an attempt to lock ended.
    enum Attempt: Sendable {
        /// The lock is held until the descriptor is closed.
        case locked(Int32)
        /// Another one holds it.
        case held
        case missing
        /// For want of rights, or of space for a new file.
        case failed(POSIXFailure)
    }

    let path: String

    /// Tries to lock. Blocks where the operation does not say otherwise.
    ///
    /// - Parameters:
    ///   - operation: as `flock` takes it.
    ///   - creates: makes the file where there is none.
    func attempt(_ operation: Int32, creates: Bool) -> Attempt {
        let descriptor = open(path, (creates ? O_CREAT : 0) | O_RDWR | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { return errno == ENOENT ? .missing : .failed(POSIXFailure("open \(path)")) }
        while flock(descriptor, operation) != 0 {
            guard errno == EINTR else {
                let end = errno == EAGAIN ? Attempt.held : .failed(POSIXFailure("flock \(path)"))
                close(descriptor)
                return end
            }
        }
        return .locked(descriptor)
    }
}
