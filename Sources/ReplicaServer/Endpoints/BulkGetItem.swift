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

extension BulkGetItem {
    /// The id as it is to be told.
    var id: JSONValue {
        switch self {
        case .revision(let id, _, _), .leaves(let id, _): .string(id.text)
        case .invalid(let id, _, _): id
        }
    }

    /// The document of which all leaves are asked for; nil where a revision is named.
    var idOfLeaves: DocumentID? {
        guard case .leaves(let id, _) = self else { return nil }
        return id
    }

    var attachmentsSince: [RevisionID] {
        switch self {
        case .revision(_, _, let since), .leaves(_, let since): since
        case .invalid: []
        }
    }

    /// What is told where nothing is there.
    var failure: BulkGetReader.Step {
        switch self {
        case .revision(_, let revision, _):
            .failure(id: id, revision: .string(revision.description), error: "not_found", reason: "missing")
        case .leaves: .failure(id: id, revision: "undefined", error: "not_found", reason: "missing")
        case .invalid(_, let revision, let reason):
            .failure(id: id, revision: revision, error: "bad_request", reason: reason)
        }
    }
}
