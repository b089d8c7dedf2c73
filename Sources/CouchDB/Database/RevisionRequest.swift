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
            body.writeJSON(revision)
        }
        if !attachmentsSince.isEmpty {
            body.writeString(#","atts_since":"#)
            body.writeBytes(JSONValue.array(attachmentsSince.map { .string($0.description) }).serialized())
        }
        body.writeString("}")
    }
}

extension ByteBuffer {
    /// Writes a revision as a JSON string.
    fileprivate mutating func writeJSON(_ revision: RevisionID) {
        // Any other hash can hold what needs escapes.
        guard revision.digest != nil else { return writeJSON(revision.description) }
        var text: [UInt8] = []
        text.reserveCapacity(56)
        text.append(UInt8(ascii: "\""))
        revision.appendText(to: &text)
        text.append(UInt8(ascii: "\""))
        writeBytes(text)
    }

    /// Writes a text as a JSON string.
    fileprivate mutating func writeJSON(_ text: String) {
        func needsEscape(_ byte: UInt8) -> Bool {
            byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\")
        }
        let needsEscapes =
            text.utf8.withContiguousStorageIfAvailable { $0.contains(where: needsEscape) }
            ?? text.utf8.contains(where: needsEscape)
        guard !needsEscapes else {
            writeBytes(JSONValue.string(text).serialized())
            return
        }
        writeString("\"")
        writeString(text)
        writeString("\"")
    }
}
