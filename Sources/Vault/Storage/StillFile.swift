import Foundation

/// A file that SQLite was told nobody writes to, since nothing can be written beside it: whether that holds.
///
/// SQLite takes no lock there and sees no log, so that what it reads of a file that is written to is of no one time.
struct StillFile: Sendable {
    /// What a writing changes. The file is not opened for it: closing it would drop the locks that SQLite has on it in this
    /// process (https://www.sqlite.org/howtocorrupt.html, 2.2).
    private struct Look: Hashable {
        let size: Int
        let seconds: Int
        let nanoseconds: Int
        /// The log is there before the file changes.
        let logSize: Int

        /// nil where nothing can be seen.
        init?(_ path: String) {
            var status = stat()
            guard stat(path, &status) == 0 else { return nil }
            #if canImport(Darwin)
            let time = status.st_mtimespec
            #else
            let time = status.st_mtim
            #endif
            (seconds, nanoseconds) = (Int(time.tv_sec), Int(time.tv_nsec))
            (size, logSize) = (Int(status.st_size), VaultFile.size(of: "\(path)-wal"))
        }
    }

    private let path: String
    private let first: Look
    private let next: String

    /// - Parameter next: what to do where it is written to.
    /// - Returns: nil where it has a log, which only SQLite with its locks can read.
    init?(_ path: String, next: String) {
        guard let look = Look(path), look.logSize == 0 else { return nil }
        (self.path, first, self.next) = (path, look, next)
    }

    /// Does what reads the file. Blocks.
    ///
    /// - Throws: what that throws; `VaultError` with code `vault-locked` where the file was written to since it was opened:
    ///   then neither what was read nor an error says anything about it.
    func reading<Value>(_ body: () throws -> Value) throws -> Value {
        try expect()
        let result = Result { try body() }
        try expect()
        return try result.get()
    }

    private func expect() throws {
        // What is open can be read on where it can't be looked at.
        guard let look = Look(path), look != first else { return }
        throw VaultError(
            .locked, "it is written to elsewhere, and may only be read from here", at: path, next: next)
    }
}

extension StillFile? {
    /// Does what reads a file; of one that others may write to as it is.
    func reading<Value>(_ body: () throws -> Value) throws -> Value {
        guard let self else { return try body() }
        return try self.reading(body)
    }
}
