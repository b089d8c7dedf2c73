import CouchDB
import Foundation
import Replication

/// In which form documents are asked for.
struct DocumentForm: Sendable, Hashable {
    enum Attachments: Sendable, Hashable {
        /// Only what is said of them.
        case stubs
        /// In the JSON, as base64.
        case inline
        /// In parts of their own behind the document.
        case follow
    }

    /// `revs=true`: with `_revisions`.
    var hasHistory = false
    var attachments = Attachments.stubs
    /// `att_encoding_info=true`: with what is said of compression.
    var hasEncodingInfo = false
    /// `atts_since`: attachments that these revisions have already are not sent.
    var attachmentsSince: [RevisionID] = []

    init() {}

    /// The form of documents in a list, where CouchDB does not hear `atts_since`.
    init(listedBy query: QueryParameters) throws(EndpointFailure) {
        var query = query
        query["atts_since"] = nil
        try self.init(query)
    }

    init(_ query: QueryParameters) throws(EndpointFailure) {
        hasHistory = query.isTrue("revs")
        hasEncodingInfo = query.isTrue("att_encoding_info")
        if query.isTrue("attachments") { attachments = .inline }
        guard let list = try query.json("atts_since") else { return }
        guard let revisions = list.array else { throw .badRequest("`atts_since` must be an array of revisions") }
        attachmentsSince = try Self.revisions(revisions)
        // As in CouchDB, who names none is sent all, whatever else he says.
        attachments = .inline
    }

    /// The same with attachments in parts of their own.
    var withFollowingAttachments: DocumentForm {
        var form = self
        form.attachments = .follow
        return form
    }

    /// The same for a client that says of one document which attachments it has, and so asks for the others.
    func since(_ revisions: [RevisionID]) -> DocumentForm {
        guard !revisions.isEmpty else { return self }
        var form = self
        form.attachmentsSince = revisions
        if form.attachments == .stubs { form.attachments = .inline }
        return form
    }

    static func revisions(_ values: [JSONValue]) throws(EndpointFailure) -> [RevisionID] {
        var revisions: [RevisionID] = []
        for value in values {
            guard let revision = value.string.flatMap({ RevisionID($0) }) else { throw .invalidRevision }
            revisions.append(revision)
        }
        return revisions
    }

    /// Whether an attachment's bytes are to be sent.
    func sends(_ member: AttachmentMember, of path: RevisionPath) -> Bool {
        guard attachments != .stubs else { return false }
        guard !attachmentsSince.isEmpty, let generation = member.generation,
            let known = path.revisions.first(where: { attachmentsSince.contains($0) })
        else { return true }
        return generation > known.generation
    }
}
