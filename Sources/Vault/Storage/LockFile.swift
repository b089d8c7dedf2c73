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
        let descriptor = opened(creates: creates)
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

    /// Opens the file, and makes it where it is wanted; a lock needs no right to write.
    private func opened(creates: Bool) -> Int32 {
        let made = creates ? open(path, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0o600) : -1
        if made >= 0 {
            giveToOwner(made)
            return made
        }
        if creates, errno != EEXIST { return -1 }
        let descriptor = open(path, O_RDWR | O_CLOEXEC)
        return descriptor < 0 && errno == EACCES ? open(path, O_RDONLY | O_CLOEXEC) : descriptor
    }

    /// Gives a new file to whom the backup belongs, as SQLite does with its own: who reads as another user, such as root, must
    /// not shut its owner out.
    private func giveToOwner(_ descriptor: Int32) {
        let database = URL(filePath: path).deletingLastPathComponent().appending(path: VaultFile.fileName)
        var owner = stat()
        guard stat(database.path(percentEncoded: false), &owner) == 0 else { return }
        // Where neither may be done, the file is already that of the only user who can.
        _ = fchown(descriptor, owner.st_uid, owner.st_gid)
        _ = fchmod(descriptor, owner.st_mode & 0o666)
    }
}
