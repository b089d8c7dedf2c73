import CouchDB
import Foundation

/// One revision of a document as it travels between replicas.
package struct Revision: Sendable {
    package var id: DocumentID
    /// The revision and its known ancestors.
    package var path: RevisionPath
    package var isDeleted: Bool
    /// The document, byte for byte as the sender sent it; never decoded and encoded again.
    ///
    /// The form is the one that CouchDB serves for `revs=true`: one JSON object in which `_id`, `_rev`, `_revisions`,
    /// `_deleted` and `_attachments` stand among the other members, wherever the server has put them. So the same bytes can
    /// be sent to a server: as an element of `_bulk_docs` with `new_edits:false` where no attachment follows, and else as
    /// the first part of a `multipart/related` body, for which `_attachments` says `"follows":true` of each attachment,
    /// with `encoding` and `encoded_length` of those that the server holds compressed.
    package var document: Data
    /// The attachments in the order of `_attachments`, which is the order of the parts in a multipart body; all of them,
    /// whatever their generation.
    package var attachments: [Attachment]

    package init(
        id: DocumentID, path: RevisionPath, isDeleted: Bool, document: Data, attachments: [Attachment] = []
    ) {
        self.id = id
        self.path = path
        self.isDeleted = isDeleted
        self.document = document
        self.attachments = attachments
    }

    /// Makes a revision of a document and its attachments.
    ///
    /// - Throws: `CouchError` with code `malformed-answer` where the document can't be read, contradicts itself, or has
    ///   other attachments than those.
    package init(document: Data, attachments: [Attachment] = []) throws(CouchError) {
        let members = try DocumentMembers(of: document)
        try self.init(document: document, members: members, attachments: attachments)
    }

    /// Makes a revision of a document that was read before.
    package init(
        document: Data, members: DocumentMembers, attachments: [Attachment] = []
    ) throws(CouchError) {
        guard members.attachments.count == attachments.count,
            zip(members.attachments, attachments).allSatisfy({ $0 == $1.member && $0.content == .follows })
        else {
            throw CouchError(
                .malformedAnswer, "the document “\(members.id)” has other attachments than those that came with it")
        }
        self.init(
            id: DocumentID(members.id), path: try members.revisionPath(), isDeleted: members.isDeleted,
            document: document, attachments: attachments)
    }

    /// The revision's own identity.
    package var revision: RevisionID { path.leaf }

    /// The bytes that it takes in memory, its spooled attachments not counted.
    package var memorySize: Int {
        attachments.reduce(document.count + path.revisions.count * 24) { $0 + $1.memorySize }
    }

    /// The bytes of the document and of its attachments.
    package var totalSize: Int { attachments.reduce(document.count) { $0 + $1.size } }
}
