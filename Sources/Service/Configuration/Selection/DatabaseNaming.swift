import Backup

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

    /// Whether the database is one of CouchDB's own, or makes a server do something: patterns pass over these.
    ///
    /// `team/_users` is not among them: it holds nobody's login, and a copy of it does nothing.
    package static func isSystem(_ name: String) -> Bool { name.hasPrefix("_") || DatabaseNames.isReplicator(name) }

    /// Whether only who names the database means it: one of CouchDB's own, or the scratch of a drill.
    package static func isPassedOver(_ name: String) -> Bool { isSystem(name) || ScratchName.isScratch(name) }

    package static func isNameCharacter(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case "a"..."z", "0"..."9", "_", "$", "(", ")", "+", "-", "/": true
        default: false
        }
    }
}
