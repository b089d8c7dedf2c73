import CouchDB
import Foundation

/// A `_local` document as a client writes it.
struct LocalDocumentWrite: Sendable {
    /// `_id`; nil where it has none that is text.
    private(set) var id: String?
    /// `_rev`: the revision that the client has seen; nil where it names none.
    var revision: String?
    private(set) var isDeleted = false
    /// A JSON object with its own members, as they stand.
    let members: Data

    /// Reads what a client sends.
    ///
    /// - Throws: ``EndpointFailure`` where it is not a JSON object.
    init(_ bytes: Data) throws(EndpointFailure) {
        var kept = JSONText("{")
        do {
            let document = try JSONMembers(of: bytes)
            var isFirst = true
            for member in document.members {
                switch member.key {
                case "_id": id = try JSONValue(parsing: document.value(of: member)).string
                case "_rev": revision = try JSONValue(parsing: document.value(of: member)).string
                case "_deleted": isDeleted = try JSONValue(parsing: document.value(of: member)).bool ?? false
                // CouchDB's replicator sends `_revisions`, and would believe those of an older one.
                case let key? where key.hasPrefix("_"): continue
                default:
                    if !isFirst { kept.append(",") }
                    isFirst = false
                    kept.append(json: document.text(of: member))
                }
            }
        } catch {
            throw .invalidJSON
        }
        kept.append("}")
        members = kept.bytes
    }

    /// The number of the revision that comes to be, as CouchDB counts it (`couch_db_updater:increment_local_doc_revs`): one
    /// more than that of the revision that the client names, whatever is there; 0 where the document is removed.
    ///
    /// - Throws: ``EndpointFailure/invalidRevision`` where that is no revision of a `_local` document.
    func nextNumber() throws(EndpointFailure) -> Int {
        guard !isDeleted else { return 0 }
        return (try Self.number(of: revision) ?? 0) + 1
    }

    /// Throws where what is named as a revision has not the form of one.
    static func expectRevision(_ text: String?) throws(EndpointFailure) {
        if let text, RevisionID(text) == nil { throw .invalidRevision }
    }

    /// Reads `0-N`.
    static func number(of text: String?) throws(EndpointFailure) -> Int? {
        guard let text else { return nil }
        guard text.hasPrefix("0-"), let number = Int(text.dropFirst(2)), (0..<Int.max).contains(number) else {
            throw .invalidRevision
        }
        return number
    }
}
