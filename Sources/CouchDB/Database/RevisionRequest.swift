import NIOCore

/// One revision that is asked for by `_bulk_get`.
public struct RevisionRequest: Sendable, Hashable {
    /// The document's id.
    public var id: String
    /// The revision; the winner where nil.
    public var revision: RevisionID?
    /// Revisions whose attachments the asker has already; only younger ones are sent, if attachments are at all.
    public var attachmentsSince: [RevisionID]

    /// Makes a request for one revision.
    public init(id: String, revision: RevisionID? = nil, attachmentsSince: [RevisionID] = []) {
        self.id = id
        self.revision = revision
        self.attachmentsSince = attachmentsSince
    }

    /// Writes the item of the request's body.
    ///
    /// As bytes, since there are as many of them as there are revisions.
    func write(into body: inout ByteBuffer) {
        body.writeString(#"{"id":"#)
        body.writeJSON(id)
        if let revision {
            body.writeString(#","rev":"#)
            body.writeJSON(revision.description)
        }
        if !attachmentsSince.isEmpty {
            body.writeString(#","atts_since":"#)
            body.writeBytes(JSONValue.array(attachmentsSince.map { .string($0.description) }).serialized())
        }
        body.writeString("}")
    }
}

extension ByteBuffer {
    /// Writes a text as a JSON string.
    fileprivate mutating func writeJSON(_ text: String) {
        let needsEscapes = text.utf8.contains { $0 < 0x20 || $0 == UInt8(ascii: "\"") || $0 == UInt8(ascii: "\\") }
        guard !needsEscapes else {
            writeBytes(JSONValue.string(text).serialized())
            return
        }
        writeString("\"")
        writeString(text)
        writeString("\"")
    }
}
