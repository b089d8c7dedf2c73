import Backup
import CouchDB

/// CouchDB's rule for the names of databases.
package enum DatabaseNaming {
    /// Databases that CouchDB itself uses; the only names that may begin with `_`.
    package static let systemNames: Set<String> = ["_users", "_replicator", "_global_changes"]

    /// Whether CouchDB accepts the name: a small letter, then small letters, digits and `_$()+-/`.
    package static func isValid(_ name: String) -> Bool {
        if systemNames.contains(name) { return true }
        guard let first = name.utf8.first, UInt8(ascii: "a")...UInt8(ascii: "z") ~= first else { return false }
        return name.utf8.count <= 238 && name.unicodeScalars.allSatisfy(isNameCharacter)
    }

    /// Whether the database is one of CouchDB's own, or the scratch of a drill: nobody is told that it has no backup.
    package static func isInternal(_ name: String) -> Bool { name.hasPrefix("_") || ScratchName.isScratch(name) }

    /// Whether only who names the database means it, and patterns pass it over: an internal one, or one that makes a server do
    /// something.
    ///
    /// `team/_users` is not among them: it holds nobody's login, and a copy of it does nothing.
    package static func isPassedOver(_ name: String) -> Bool { isInternal(name) || SystemDatabase.isReplicator(name) }

    package static func isNameCharacter(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case "a"..."z", "0"..."9", "_", "$", "(", ")", "+", "-", "/": true
        default: false
        }
    }
}
