import CouchDB
import Foundation
import GRDB
import Replication

/// Why a vault can't do what was asked.
package struct VaultError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The kind of error, part of Couchkeep's output contract.
    package enum Code: String, Sendable, Hashable {
        /// The folder or file is no vault.
        case notAVault = "not-a-vault"
        /// The backup in the vault is one of another database.
        case otherDatabase = "vault-other-database"
        /// Another couchkeep writes to it.
        case locked = "vault-locked"
        /// Something in it is not what was written.
        case damaged = "vault-damaged"
        /// It was written by a newer couchkeep.
        case newer = "vault-newer"
        /// It can be read only.
        case readOnly = "vault-read-only"
        /// There is no space left on its disk.
        case full = "vault-full"
        /// It can't be read or written, for want of rights or because of the disk.
        case inaccessible = "vault-inaccessible"
        /// It has no backup of that name.
        case unknownDatabase = "vault-unknown-database"
        /// It has no such moment, or none so early.
        case unknownMoment = "vault-unknown-moment"
        /// It would lose what it is there to keep.
        case refused = "vault-refused"
        /// It is encrypted with another key or passphrase.
        case wrongKey = "vault-wrong-key"
        /// It is encrypted, and the key is not there, or only the one that writes.
        case keyMissing = "vault-key-missing"
        /// The process may not open so many files at a time; that says nothing of the vault.
        case tooManyFiles = "too-many-open-files"
        /// There is not enough memory.
        case memory = "out-of-memory"
    }

    package let code: Code
    /// What happened, without a final stop.
    package let what: String
    /// The file, folder or backup.
    package let place: String
    /// What to do next.
    package let next: String

    package init(_ code: Code, _ what: String, at place: String, next: String? = nil) {
        self.code = code
        self.what = what
        self.place = place
        self.next = next ?? code.usualNextStep
    }

    package var description: String { "\(place): \(what) [\(code.rawValue)]; \(next)" }

    /// What was asked needs to read, and the key can't.
    package static func onlyWrites(_ key: VaultKey, at place: String) -> VaultError {
        VaultError(
            .keyMissing, "the write key \(key.id) backs up, and reads nothing", at: place,
            next: "read with its private key, on a machine that may: --key-file FILE")
    }

    /// The error where the file was one of a backup: one that is none any more is damaged.
    var ofBackup: VaultError {
        code == .notAVault ? VaultError(.damaged, what, at: place, next: Self.nextOfUnreadable) : self
    }

    /// The error where the file is one of a backup that the catalogue does not name.
    var ofUnnamed: VaultError {
        guard [.notAVault, .damaged].contains(code) else { return self }
        return VaultError(
            .damaged, what, at: place, next: "put this folder back from a copy, or move it out of the vault")
    }

    /// The error as a check tells it, which can't send people to itself.
    var ofCheck: VaultError {
        guard code == .damaged, next == code.usualNextStep else { return self }
        return VaultError(code, what, at: place, next: Self.nextOfUnreadable)
    }

    /// The file of a backup is not there.
    static func missing(_ path: String) -> VaultError {
        VaultError(
            .damaged, "the file of a database is missing", at: path,
            next: "put its folder back, or mount the disk that it is on; if it is lost: couchkeep vault rebuild "
                + "--forget NAME, and the next backup begins anew")
    }

    /// What to do where nothing of a backup can be read.
    private static let nextOfUnreadable =
        "put its folder back from a copy; if there is none, move it out of the vault, then couchkeep vault rebuild "
        + "--forget NAME, and the next backup begins anew"

    static let outOfMemory = VaultError(.memory, "zstd could not get memory", at: "compression")

    /// Names an error of SQLite or of the file system; others stay as they are.
    static func wrapping(_ error: any Error, at place: String) -> any Error {
        if let error = error as? DatabaseError { return wrapping(error, at: place) }
        if let error = error as? POSIXFailure {
            let code: Code =
                switch error.number {
                case ENOSPC, EDQUOT: .full
                case EROFS: .readOnly
                case _ where OpenFiles.areTooMany(error.number): .tooManyFiles
                default: .inaccessible
                }
            return VaultError(code, error.description, at: place)
        }
        // Only the vault's own files are made by Foundation; temporary ones with attachments say of themselves what they are.
        if let error = error as? CocoaError {
            if let local = LocalFileFailure(error), local.code == .tooMany {
                return VaultError(.tooManyFiles, local.what, at: place)
            }
            let code: Code =
                switch error.code {
                case .fileWriteOutOfSpace: .full
                case .fileWriteVolumeReadOnly: .readOnly
                default: .inaccessible
                }
            return VaultError(code, error.localizedDescription, at: place)
        }
        // Only the vault's own rows are decoded.
        if error is DecodingError { return VaultError(.damaged, "a row can't be decoded", at: place) }
        return error
    }

    /// An attachment's file that the last call could not open.
    static func unopened(attachment path: String) -> VaultError {
        let failure = POSIXFailure("open")
        let code: Code = OpenFiles.areTooMany(failure.number) ? .tooManyFiles : .damaged
        return VaultError(code, "an attachment can't be read: \(failure)", at: path)
    }

    /// Throws an error that says nothing of what is stored: for who takes all others for damage.
    static func passOn(_ error: any Error, at place: String) throws {
        if error is CancellationError { throw error }
        if let error = wrapping(error, at: place) as? VaultError, error.code == .tooManyFiles { throw error }
    }

    /// Whether the disk of a file or folder has no room left: SQLite tells it of the file, but not of those beside it.
    static func isFull(_ place: String) -> Bool {
        var status = statvfs()
        guard statvfs(place, &status) == 0 else { return false }
        return status.f_bavail == 0
    }

    private static func wrapping(_ error: DatabaseError, at place: String) -> any Error {
        let what = error.message ?? "SQLite error \(error.resultCode.rawValue)"
        return switch error.resultCode {
        case .SQLITE_CORRUPT: VaultError(.damaged, what, at: place)
        case .SQLITE_NOTADB: VaultError(.notAVault, what, at: place)
        case .SQLITE_FULL: VaultError(.full, what, at: place)
        case .SQLITE_READONLY: VaultError(.readOnly, what, at: place)
        case .SQLITE_BUSY, .SQLITE_LOCKED: VaultError(.locked, what, at: place)
        case .SQLITE_IOERR where isFull(place): VaultError(.full, what, at: place)
        case .SQLITE_CANTOPEN where OpenFiles.areUsedUp, .SQLITE_IOERR where OpenFiles.areUsedUp:
            VaultError(.tooManyFiles, "\(what), since too many files are open", at: place)
        case .SQLITE_CANTOPEN, .SQLITE_PERM, .SQLITE_IOERR: VaultError(.inaccessible, what, at: place)
        // The schema is not the one that was written.
        case .SQLITE_ERROR, .SQLITE_SCHEMA, .SQLITE_CONSTRAINT, .SQLITE_MISMATCH:
            VaultError(.damaged, what, at: place)
        default: error
        }
    }
}

extension VaultError.Code {
    fileprivate var usualNextStep: String {
        switch self {
        case .notAVault: "name the folder of a vault, or an empty or new one to make a vault in"
        case .otherDatabase: "name another backup or another vault for this source"
        case .locked: "wait until the other couchkeep has finished; the lock ends with its process"
        case .damaged: "run couchkeep vault check --read-data, which says what can be done about it"
        case .newer: "run the newer couchkeep; this one changes nothing"
        case .readOnly: "make the folder writable; listing, checking and restoring work as it is"
        case .full: "make room on the disk and run it again; what was acknowledged is kept"
        case .inaccessible:
            "run it as the user whose vault it is, make the folder for this one, readable and writable, or name another "
                + "(--vault, vault.path of the configuration)"
        case .unknownDatabase: "see couchkeep vault list"
        case .unknownMoment: "see couchkeep vault list for the moments that there are"
        case .refused: "say what is to be kept"
        case .wrongKey:
            "give the key that it was made with: --key-file, --passphrase-file, or vault.key_file of the configuration; "
                + "couchkeep vault check works without"
        case .keyMissing:
            "give it: --key-file, --passphrase-file, or vault.key_file of the configuration; couchkeep vault check works "
                + "without"
        case .tooManyFiles: OpenFiles.next
        case .memory: "free memory and run it again"
        }
    }
}
