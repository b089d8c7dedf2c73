import CouchDB
import Replication

/// One item of a `_bulk_get` request.
enum BulkGetItem: Sendable {
    case revision(DocumentID, RevisionID, attachmentsSince: [RevisionID])
    /// Without a revision: all leaves.
    case leaves(DocumentID, attachmentsSince: [RevisionID])
    /// What can't be answered, with the id and revision as they came.
    case invalid(id: JSONValue, revision: JSONValue, reason: String)

    init(_ value: JSONValue) {
        guard let text = value["id"]?.string else {
            self = .invalid(id: .null, revision: .null, reason: "document id missed")
            return
        }
        let id = DocumentID(text)
        // Revisions that are none can't be known to the client either.
        let since = (value["atts_since"]?.array ?? []).compactMap { $0.string.flatMap { RevisionID($0) } }
        guard let revision = value["rev"], !revision.isNull else {
            self = .leaves(id, attachmentsSince: since)
            return
        }
        guard let parsed = revision.string.flatMap({ RevisionID($0) }) else {
            self = .invalid(id: .string(text), revision: revision, reason: "Invalid rev format")
            return
        }
        self = .revision(id, parsed, attachmentsSince: since)
    }
}
