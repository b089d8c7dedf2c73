import CouchDB
import Foundation
import SystemPackage

/// A file of this machine that couchkeep works with can't be written or read; no server and no vault is to blame.
package struct LocalFileFailure: Error, Sendable, Hashable, CustomStringConvertible {
    /// The kind of error, part of Couchkeep's output contract.
    package enum Code: String, Sendable, Hashable {
        /// There is no space left on the disk.
        case full = "local-disk-full"
        /// The file or folder may not be written or read, or its disk is read-only.
        case forbidden = "local-file-forbidden"
        /// The process may not open so many files at a time.
        case tooMany = "too-many-open-files"
        /// All else, such as a disk that fails.
        case failed = "local-file-failed"
    }

    package let code: Code
    /// What happened.
    package let what: String
    /// The file or folder, where it is known.
    package let path: String?

    package init(_ code: Code, _ what: String, path: String?) {
        (self.code, self.what, self.path) = (code, what, path)
    }

    /// Names an error of the file system; nil for others.
    ///
    /// - Parameter path: the file or folder, for errors that don't name one.
    package init?(_ error: any Error, path: String? = nil) {
        switch error {
        case let error as LocalFileFailure:
            self.init(error.code, error.what, path: error.path ?? path)
        case let error as Errno:
            self.init(number: error.rawValue, path: path)
        case let error as POSIXError:
            self.init(number: error.code.rawValue, path: path)
        case let error as CocoaError:
            self.init(error, path: path)
        default:
            return nil
        }
    }

    private init(_ error: CocoaError, path: String?) {
        let path = error.filePath ?? error.url?.path(percentEncoded: false) ?? path
        if let number = Self.number(beneath: error) {
            self.init(number: number, path: path)
            return
        }
        let code: Code =
            switch error.code {
            case .fileWriteOutOfSpace: .full
            case .fileWriteNoPermission, .fileReadNoPermission, .fileWriteVolumeReadOnly: .forbidden
            default: .failed
            }
        self.init(code, error.localizedDescription, path: path)
    }

    private init(number: Int32, path: String?) {
        let code: Code =
            switch number {
            case ENOSPC, EDQUOT: .full
            case EACCES, EPERM, EROFS: .forbidden
            case _ where OpenFiles.areTooMany(number): .tooMany
            default: .failed
            }
        self.init(code, String(cString: strerror(number)), path: path)
    }

    private static func number(beneath error: any Error) -> Int32? {
        let error = error as NSError
        if error.domain == NSPOSIXErrorDomain { return Int32(error.code) }
        return (error.userInfo[NSUnderlyingErrorKey] as? any Error).flatMap { number(beneath: $0) }
    }

    /// What to do next.
    package var next: String {
        switch code {
        case .full: "make room on that disk, or let TMPDIR name a folder on another one for temporary files"
        case .forbidden:
            "make it readable and writable for this user, or let TMPDIR name another folder for temporary files"
        case .tooMany: OpenFiles.next
        case .failed: "see to that file, its folder and its disk, and run it again"
        }
    }

    package var description: String {
        "\(path ?? "a working file of couchkeep on this machine"): \(what) [\(code.rawValue)]; \(next)"
    }
}
