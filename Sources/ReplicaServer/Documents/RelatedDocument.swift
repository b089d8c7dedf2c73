import CouchDB
import Foundation
import Replication

/// One document with the attachments that follow it, as `multipart/related`.
struct RelatedDocument: Sendable {
    private let layout: MultipartWriter
    private let attachments: [Attachment]

    var contentType: String { layout.contentType }
    var contentLength: Int { layout.contentLength }

    /// - Throws: `CouchError` where no attachment follows, or the length of one is not told.
    init(_ document: RenderedDocument) throws(CouchError) {
        var json = Data()
        for case .bytes(let bytes) in document.pieces { json.append(bytes) }
        layout = try MultipartWriter(document: json, members: try DocumentMembers(of: json))
        attachments = document.following
    }

    func write(to output: inout BodyOutput) async throws {
        var rest = attachments[...]
        for segment in layout.segments {
            switch segment {
            case .bytes(let bytes):
                try await output.write(bytes)
            case .attachment(let member, _):
                guard let attachment = rest.popFirst() else {
                    throw CouchError(.malformedAnswer, "the attachment “\(member.name)” is missing")
                }
                try await output.write(attachment, isDecoded: false)
            }
        }
    }
}
