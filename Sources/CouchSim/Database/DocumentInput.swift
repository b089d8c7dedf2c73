import CouchDB
import Foundation

/// A document as a client sent it.
struct DocumentInput: Sendable {
    /// An attachment as it stands in `_attachments`.
    struct AttachmentInput: Sendable {
        enum Content: Sendable {
            case data([UInt8])
            case stub
            /// The bytes come in a later part of the multipart request.
            case follows
        }
        var name: String
        var contentType: String?
        var revisionPosition: Int?
        /// Whether the bytes are compressed.
        var isCompressed = false
        var content: Content
    }

    var id: String?
    var revision: RevisionID?
    var path: RevisionPath?
    var isDeleted = false
    var members: [OrderedJSON.Member] = []
    var attachments: [AttachmentInput] = []

    /// Reads a document; underscore members other than CouchDB's own are refused.
    init(_ json: OrderedJSON) throws(CouchFailure) {
        guard let all = json.members else { throw .badRequest("Document must be a JSON object") }
        for member in all {
            guard member.name.hasPrefix("_") else {
                members.append(member)
                continue
            }
            switch member.name {
            case "_id": try read(id: member.value)
            case "_rev": revision = try Self.revision(member.value.string ?? "")
            case "_deleted": isDeleted = member.value.bool ?? false
            case "_attachments": try read(attachments: member.value)
            case "_revisions": try read(path: member.value)
            case "_local_seq", "_conflicts", "_deleted_conflicts", "_revs_info": break
            case "_replication_state", "_replication_state_time", "_replication_state_reason", "_replication_id",
                "_replication_stats":
                members.append(member)
            default:
                throw CouchFailure(400, "doc_validation", "Bad special document member: \(member.name)")
            }
        }
        if let path { revision = path.leaf }
    }

    /// The members as the text that is stored.
    var text: [UInt8] {
        var bytes: [UInt8] = []
        OrderedJSON.write(members, to: &bytes)
        return bytes
    }

    subscript(name: String) -> OrderedJSON? { members.last { $0.name == name }?.value }

    /// Checks an id as CouchDB does for documents that are not local.
    static func check(id: String) throws(CouchFailure) {
        if id.isEmpty { throw CouchFailure(400, "illegal_docid", "Document id must not be empty") }
        if id.hasPrefix("_"), !id.hasPrefix("_design/"), !id.hasPrefix("_local/") {
            throw CouchFailure(400, "illegal_docid", "Only reserved document ids may start with underscore.")
        }
    }

    static func revision(_ text: String) throws(CouchFailure) -> RevisionID {
        guard let revision = RevisionID(text) else { throw .invalidRevision }
        return revision
    }

    private mutating func read(id value: OrderedJSON) throws(CouchFailure) {
        guard let text = value.string else { throw CouchFailure(400, "illegal_docid", "Document id must be a string") }
        try Self.check(id: text)
        id = text
    }

    private mutating func read(path value: OrderedJSON) throws(CouchFailure) {
        let ids = value["ids"]?.elements?.compactMap(\.string)
        guard let start = value["start"]?.integer, let ids, let path = RevisionPath(start: start, ids: ids) else {
            throw CouchFailure(
                400, "doc_validation", "_revisions.start isn't an integer, or _revisions.ids isn't an array")
        }
        self.path = path
    }

    private mutating func read(attachments value: OrderedJSON) throws(CouchFailure) {
        guard let entries = value.members else { throw .badRequest("Attachments must be a JSON object") }
        for entry in entries {
            let content: AttachmentInput.Content
            if entry.value["stub"]?.bool == true {
                content = .stub
            } else if entry.value["follows"]?.bool == true {
                content = .follows
            } else if let text = entry.value["data"]?.string, let data = Data(base64Encoded: text) {
                content = .data(Array(data))
            } else {
                throw .badRequest("Invalid attachment data for \(entry.name)")
            }
            attachments.append(
                AttachmentInput(
                    name: entry.name, contentType: entry.value["content_type"]?.string,
                    revisionPosition: entry.value["revpos"]?.integer,
                    isCompressed: entry.value["encoding"]?.string == "gzip", content: content))
        }
    }
}
