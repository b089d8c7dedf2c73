import Foundation

/// Lays out the `multipart/related` body that stores one revision with its attachments (`PUT /{db}/{id}?new_edits=false`).
///
/// The bytes of the attachments are not part of it: send the ``segments`` in their order, and at each
/// ``Segment/attachment(_:length:)`` exactly so many bytes of that attachment, as it is stored, compressed or not.
public struct MultipartWriter: Sendable {
    /// A piece of the body.
    public enum Segment: Sendable, Hashable {
        /// These bytes.
        case bytes(Data)
        /// The content of an attachment, of this length.
        case attachment(AttachmentMember, length: Int)
    }

    /// The value of the `Content-Type` header.
    public let contentType: String
    /// The exact length of the body, for the `Content-Length` header.
    public let contentLength: Int
    /// The pieces of the body, in the order in which they are sent.
    public let segments: [Segment]

    /// Lays out the body for a document whose `_attachments` says `"follows":true` for those to be sent.
    ///
    /// - Parameters:
    ///   - document: the bytes of the document, which are sent as they are.
    ///   - members: what was read of the document.
    ///   - boundary: a text of ASCII letters and digits that occurs in none of the contents; by default a random one.
    /// - Throws: ``CouchError`` with code ``CouchError/Code-swift.struct/invalidInput`` where no attachment follows, or where
    ///   the document doesn't tell the length of one that does.
    public init(document: Data, members: DocumentMembers, boundary: String? = nil) throws(CouchError) {
        let following = members.attachments.filter { $0.content == .follows }
        guard !following.isEmpty else {
            throw CouchError(
                .invalidInput, "no attachment follows the document “\(members.id)”: it can be sent as JSON")
        }
        let boundary = boundary ?? Self.randomBoundary()
        var text = Data("--\(boundary)\r\nContent-Type: application/json\r\n\r\n".utf8)
        text.append(document)
        var segments: [Segment] = []
        var total = 0
        for attachment in following {
            guard let length = attachment.partLength, length >= 0 else {
                throw CouchError(
                    .invalidInput, "the document “\(members.id)” doesn't tell the length of “\(attachment.name)”")
            }
            text.append(contentsOf: "\r\n--\(boundary)\(Self.headers(of: attachment, length: length))\r\n\r\n".utf8)
            segments += [.bytes(text), .attachment(attachment, length: length)]
            total += text.count + length
            text = Data()
        }
        text.append(contentsOf: "\r\n--\(boundary)--".utf8)
        self.segments = segments + [.bytes(text)]
        contentLength = total + text.count
        contentType = "multipart/related; boundary=\"\(boundary)\""
    }

    /// The headers that CouchDB writes, each with a line break before it.
    ///
    /// CouchDB itself goes by the order of the parts.
    private static func headers(of attachment: AttachmentMember, length: Int) -> String {
        let name = inHeader(attachment.name).replacing("\"", with: "_").replacing("\\", with: "_")
        var lines = ["Content-Disposition: attachment; filename=\"\(name)\""]
        if let type = attachment.contentType { lines.append("Content-Type: \(inHeader(type))") }
        lines.append("Content-Length: \(length)")
        if let encoding = attachment.encoding { lines.append("Content-Encoding: \(inHeader(encoding))") }
        return lines.map { "\r\n\($0)" }.joined()
    }

    /// A text without what would end a header.
    private static func inHeader(_ text: String) -> String {
        String(String.UnicodeScalarView(text.unicodeScalars.map { $0.value < 0x20 || $0.value == 0x7f ? "_" : $0 }))
    }

    private static func randomBoundary() -> String {
        (0..<4).map { _ in String(UInt32.random(in: .min ... .max), radix: 36) }.joined(separator: "x")
    }
}
