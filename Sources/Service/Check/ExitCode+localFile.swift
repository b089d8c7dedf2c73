import CouchDB
import GRDB
import Replication

extension ExitCode {
    /// The code for a file of this machine that can't be written or read: the command line is not to blame.
    package init(_ failure: LocalFileFailure) { self = failure.code == .full ? .incomplete : .problem }
}

extension LocalFileFailure {
    /// Names an error of the file system, or of an SQLite file beneath which there is one; nil for others.
    package static func naming(_ error: any Error) -> LocalFileFailure? {
        guard let error = error as? DatabaseError else { return LocalFileFailure(error) }
        let code: Code? =
            switch error.resultCode {
            case .SQLITE_FULL: .full
            case .SQLITE_CANTOPEN where OpenFiles.areUsedUp, .SQLITE_IOERR where OpenFiles.areUsedUp: .tooMany
            case .SQLITE_READONLY, .SQLITE_PERM, .SQLITE_CANTOPEN: .forbidden
            case .SQLITE_IOERR: .failed
            default: nil
            }
        return code.map {
            LocalFileFailure($0, error.message ?? "SQLite error \(error.resultCode.rawValue)", path: nil)
        }
    }
}
