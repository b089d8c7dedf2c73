import Foundation

/// What a multipart answer with revisions of documents says next.
public enum RevisionsEvent: Sendable, Hashable {
    /// A revision begins: the document, byte for byte as it was sent, and what was read of it.
    case document(Data, DocumentMembers)
    /// An attachment of the revision begins; they come in the order of `_attachments`, without those that don't follow.
    case attachment(AttachmentMember)
    /// The next bytes of the attachment as the server stores them, compressed where it has an encoding.
    case bytes(Data)
    /// The attachment is complete: it had as many bytes as the document says. Its digest was not checked.
    case attachmentEnd
    /// The revision is complete, with all of its attachments that follow.
    case revisionEnd
    /// The database has no such revision.
    case missing(String)
    /// The server does not hand out a revision.
    case failure(BulkGetFailure)
    /// The answer is complete.
    case end
}
