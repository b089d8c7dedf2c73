import Foundation

/// The names of the databases into which drills restore. Nobody takes them for anything else.
package enum ScratchName {
    package static let prefix = "couchkeep-drill-"

    /// A new name, which says what is rehearsed.
    static func make(for backup: String) -> String {
        // CouchDB takes few characters in names, and a slash would make a folder.
        let harmless = backup.lowercased().map { character in
            character.isASCII && (character.isLetter || character.isNumber) ? character : "-"
        }
        return prefix + String(harmless.suffix(60)) + "-" + UUID().uuidString.prefix(8).lowercased()
    }

    /// Whether a name has the form of a scratch's, with the random digits at its end.
    package static func isScratch(_ name: String) -> Bool {
        // Of a hundred thousand names hardly any is one.
        guard name.utf8.starts(with: prefix.utf8) else { return false }
        return name.wholeMatch(of: /couchkeep-drill-[a-z0-9-]{1,60}-[0-9a-f]{8}/) != nil
    }

    /// Of a server's databases those that drills have made, and left behind where none is under way.
    package static func leftovers(_ names: [String]) -> [String] { names.filter(isScratch) }
}
