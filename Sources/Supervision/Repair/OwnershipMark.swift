import CouchDB
import Crypto
import Foundation

/// How Couchkeep knows its own replication documents: by a member `couchkeep`, which CouchDB ignores.
package enum OwnershipMark {
    /// The member's name.
    package static let member = "couchkeep"

    /// Whether a document is Couchkeep's.
    package static func isPresent(in document: ReplicationDocument) -> Bool {
        document.members[member]?["pair"]?.string != nil
    }

    /// The member's value for a pair.
    package static func value(for pair: Pair) -> JSONValue {
        ["pair": .string(pair.key), "about": "made and kept by couchkeep; changes are undone"]
    }

    /// The id of the pair's replication document: the same on every run, so a second run makes nothing new.
    ///
    /// The beginning is for people. The hash keeps apart pairs whose names look alike.
    package static func documentID(for pair: Pair) -> String {
        let readable = pair.source.database.unicodeScalars.map { scalar -> Character in
            scalar.isASCII && (scalar.properties.isAlphabetic || ("0"..."9").contains(scalar)) ? Character(scalar) : "-"
        }
        let hash = SHA256.hash(data: Data(pair.key.utf8)).prefix(6).map { byte in
            let digits = String(byte, radix: 16)
            return digits.count == 1 ? "0" + digits : digits
        }
        return "couchkeep-\(String(readable.prefix(40)))-\(hash.joined())"
    }
}
