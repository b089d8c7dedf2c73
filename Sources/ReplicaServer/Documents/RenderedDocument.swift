import CouchDB
import Foundation
import Replication

/// A document in the form that a client asked for, all members of the user's byte for byte as they were stored.
struct RenderedDocument: Sendable {
    enum Piece: Sendable {
        case bytes(Data)
        /// The decompressed bytes as base64.
        case base64(Attachment)
    }

    /// The JSON, of which attachments can be a part.
    private(set) var pieces: [Piece] = []
    /// The attachments whose parts come behind the JSON.
    private(set) var following: [Attachment] = []

    /// - Parameter extras: further members, such as `_conflicts`, as they are to be written.
    /// - Throws: `CouchError` where the stored document can't be read.
    init(_ revision: Revision, form: DocumentForm, extras: [JSONText] = []) throws(CouchError) {
        let sent = revision.attachments.map { form.sends($0.member, of: revision.path) }
        if form.attachments == .follow { following = zip(revision.attachments, sent).filter(\.1).map(\.0) }
        if form.hasHistory, extras.isEmpty,
            revision.attachments.isEmpty || following.count == sent.count && !sent.isEmpty
        {
            pieces = [.bytes(revision.document)]
            return
        }
        let stored = try JSONMembers(of: revision.document)
        var text = JSONText("{")
        var isFirst = true
        func begin() {
            if !isFirst { text.append(",") }
            isFirst = false
        }
        for member in stored.members where member.key != "_revisions" && member.key != "_attachments" {
            begin()
            text.append(json: stored.text(of: member))
        }
        if form.hasHistory {
            begin()
            text.append(Self.history(revision.path))
        }
        for extra in extras {
            begin()
            text.append(json: extra.bytes)
        }
        if !revision.attachments.isEmpty {
            begin()
            appendAttachments(of: revision, sent: sent, form: form, to: &text)
        }
        text.append("}")
        pieces.append(.bytes(text.bytes))
    }

    private mutating func appendAttachments(
        of revision: Revision, sent: [Bool], form: DocumentForm, to text: inout JSONText
    ) {
        text.append("\"_attachments\":{")
        for (index, attachment) in revision.attachments.enumerated() {
            if index > 0 { text.append(",") }
            let content: AttachmentMember.Content =
                !sent[index] ? .stub : form.attachments == .follow ? .follows : .inline
            text.append(string: attachment.member.name)
            text.append(":{")
            text.append(description: attachment.member)
            switch content {
            case .inline:
                text.append("\"data\":\"")
                pieces += [.bytes(text.bytes), .base64(attachment)]
                text = JSONText("\"")
            default:
                if let length = attachment.member.length {
                    text.append("\"length\":")
                    text.append(length)
                    text.append(",")
                }
                if content == .follows { text.append("\"follows\":true") } else { text.append("\"stub\":true") }
            }
            if form.hasEncodingInfo || form.attachments == .follow { text.append(encodingOf: attachment.member) }
            text.append("}")
        }
        text.append("}")
    }

    private static func history(_ path: RevisionPath) -> JSONText {
        var text = JSONText("\"_revisions\":{\"start\":")
        text.append(path.start)
        text.append(",\"ids\":")
        text.append(strings: path.ids)
        text.append("}")
        return text
    }
}

extension JSONText {
    fileprivate mutating func append(_ other: JSONText) { append(json: other.bytes) }

    /// Adds what is said of an attachment, with a comma at its end, in CouchDB's order (`couch_att:to_disk_term`).
    fileprivate mutating func append(description member: AttachmentMember) {
        if let type = member.contentType {
            append("\"content_type\":")
            append(string: type)
            append(",")
        }
        if let generation = member.generation {
            append("\"revpos\":")
            append(generation)
            append(",")
        }
        if let digest = member.digest {
            append("\"digest\":")
            append(string: digest)
            append(",")
        }
    }

    fileprivate mutating func append(encodingOf member: AttachmentMember) {
        guard let encoding = member.encoding else { return }
        append(",\"encoding\":")
        append(string: encoding)
        guard let length = member.encodedLength else { return }
        append(",\"encoded_length\":")
        append(length)
    }
}

extension BodyOutput {
    /// Sends a document's JSON.
    mutating func write(_ document: RenderedDocument) async throws {
        for piece in document.pieces {
            switch piece {
            case .bytes(let bytes): try await write(bytes)
            case .base64(let attachment): try await writeBase64(attachment)
            }
        }
    }
}
