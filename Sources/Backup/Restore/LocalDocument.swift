import CouchDB
import Foundation

/// A local document by its bytes, which are never decoded and encoded again.
struct LocalDocument: Sendable {
    /// What it says: its members without `_id` and `_rev`, byte for byte, with commas between.
    let content: Data
    /// Its revision as it stands in its bytes; nil where it has none.
    let revision: Data?

    /// - Throws: `CouchError` where it is no JSON object.
    init(_ document: Data) throws {
        let members = try JSONMembers(of: document)
        let own = members.members.filter { $0.key != "_id" && $0.key != "_rev" }
        content = Data(own.map { members.text(of: $0) }.joined(separator: Data(",".utf8)))
        revision = members.members.last { $0.key == "_rev" }.map { members.value(of: $0) }
    }

    /// Its bytes as they are written over another one.
    ///
    /// - Parameter replaced: the revision of that one; nil where there is none.
    func bytes(replacing replaced: Data?) -> Data {
        let revision = replaced.map { Data(#""_rev":"#.utf8) + $0 } ?? Data()
        let members = [revision, content].filter { !$0.isEmpty }
        return Data("{".utf8) + Data(members.joined(separator: Data(",".utf8))) + Data("}".utf8)
    }
}
