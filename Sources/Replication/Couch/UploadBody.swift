import CouchDB
import Foundation
import NIOCore
import NIOFoundationCompat

/// The body of a multipart request, read piece by piece while it is sent.
struct UploadBody: AsyncSequence, Sendable {
    typealias Element = ByteBuffer

    /// The size of a piece of an attachment.
    private static let pieceSize = 128 << 10

    private let segments: [MultipartWriter.Segment]
    private let attachments: [Attachment]

    init(_ layout: MultipartWriter, attachments: [Attachment]) {
        segments = layout.segments
        self.attachments = attachments
    }

    struct AsyncIterator: AsyncIteratorProtocol {
        private var segments: ArraySlice<MultipartWriter.Segment>
        private var attachments: ArraySlice<Attachment>
        private var offset = 0

        fileprivate init(_ body: UploadBody) {
            segments = body.segments[...]
            attachments = body.attachments[...]
        }

        mutating func next() async throws -> ByteBuffer? {
            while let segment = segments.first {
                switch segment {
                case .bytes(let data):
                    segments.removeFirst()
                    return ByteBuffer(data: data)
                case .attachment(let member, let length):
                    guard let attachment = attachments.first, attachment.size == length else {
                        throw CouchError(
                            .invalidInput, "the attachment “\(member.name)” has not the \(length) bytes that are told")
                    }
                    guard offset < length else {
                        segments.removeFirst()
                        attachments.removeFirst()
                        offset = 0
                        continue
                    }
                    let piece = try await attachment.read(at: offset, count: UploadBody.pieceSize)
                    guard !piece.isEmpty else {
                        throw CouchError(.invalidInput, "the attachment “\(member.name)” ends after \(offset) bytes")
                    }
                    offset += piece.count
                    return ByteBuffer(data: piece)
                }
            }
            return nil
        }
    }

    func makeAsyncIterator() -> AsyncIterator { AsyncIterator(self) }
}
