import CouchDB
import Foundation
import GRDB

/// Why Couchkeep's memory can't be used.
package struct StateError: Error, Sendable, CustomStringConvertible {
    /// The kind of error.
    package enum Code: String, Sendable {
        /// The folder or file can't be made or written.
        case unwritable = "state-unwritable"
        /// The folder or file can't be read, so that nobody knows what is there.
        case unreadable = "state-unreadable"
        /// The file was written by a newer version.
        case newer = "state-newer"
        /// The file is not an SQLite database, or its content is damaged.
        case damaged = "state-damaged"
        /// There is no space left.
        case full = "state-full"
        /// The process may not open so many files at a time; that says nothing of the memory.
        case tooManyFiles = "too-many-open-files"
        /// Another couchkeep is at work.
        case locked
    }

    /// The kind of error.
    package let code: Code
    /// The file or folder.
    package let path: String
    /// What happened.
    package let detail: String

    package init(_ code: Code, path: String, detail: String) {
        self.code = code
        self.path = path
        self.detail = detail
    }

    /// A file or folder that could not be made, by the number of the call that has just failed.
    init(making path: String, number: Int32) {
        let isFull = number == ENOSPC || number == EDQUOT
        let code: Code = isFull ? .full : OpenFiles.areTooMany(number) ? .tooManyFiles : .unwritable
        self.init(code, path: path, detail: String(cString: strerror(number)))
    }

    /// A file or folder that Foundation could not make.
    package init(making path: String, _ error: any Error) {
        let isFull = (error as? CocoaError)?.code == .fileWriteOutOfSpace
        self.init(isFull ? .full : .unwritable, path: path, detail: error.localizedDescription)
    }

    /// A file that could not be looked at, by the number of the call that has just failed.
    package init(reading path: String, number: Int32) {
        self.init(
            OpenFiles.areTooMany(number) ? .tooManyFiles : .unreadable, path: path,
            detail: String(cString: strerror(number)))
    }

    /// What to do next.
    package var next: String {
        switch code {
        case .unwritable: "make the folder writable for this user, or name another one with state: in the configuration"
        case .unreadable:
            "run this as the user who runs couchkeep check, or name the right folder with state: in the configuration"
        case .newer: "run the newer couchkeep, or name another folder with state: in the configuration"
        case .damaged:
            "move the file away and run couchkeep check; the databases are untouched, only what couchkeep remembered is lost"
        case .full: "make room on the disk; the memory of the last complete pass is kept"
        case .tooManyFiles: OpenFiles.next
        case .locked: "wait until the other one has finished"
        }
    }

    package var description: String { "\(path): \(detail) [\(code.rawValue)]; \(next)" }

    /// Names an error of SQLite.
    ///
    /// - Parameter lacksFiles: whether no more files can be opened.
    package static func wrapping(
        _ error: any Error, path: String, lacksFiles: @autoclosure () -> Bool = OpenFiles.areUsedUp
    ) -> any Error {
        if error is DecodingError {
            return StateError(.damaged, path: path, detail: "what was remembered can't be read: \(error)")
        }
        guard let error = error as? DatabaseError else { return error }
        let detail = error.message ?? "SQLite error \(error.resultCode.rawValue)"
        return switch error.resultCode {
        case .SQLITE_CORRUPT, .SQLITE_NOTADB: StateError(.damaged, path: path, detail: detail)
        case .SQLITE_CANTOPEN where lacksFiles(), .SQLITE_IOERR where lacksFiles():
            StateError(.tooManyFiles, path: path, detail: "\(detail), since too many files are open")
        case .SQLITE_FULL, .SQLITE_IOERR: StateError(.full, path: path, detail: detail)
        case .SQLITE_BUSY, .SQLITE_LOCKED: StateError(.locked, path: path, detail: detail)
        case .SQLITE_CANTOPEN, .SQLITE_READONLY, .SQLITE_PERM: StateError(.unwritable, path: path, detail: detail)
        default: error
        }
    }
}
