import CouchDB
import Foundation
import NIOCore
import NIOFoundationCompat
import Synchronization

/// The body of a multipart request, read piece by piece while it is sent.
struct UploadBody: AsyncSequence, Sendable {
    typealias Element = ByteBuffer

    /// The size of a piece of an attachment.
    private static let pieceSize = 128 << 10

    private let segments: [MultipartWriter.Segment]
    private let attachments: [Attachment]
    let unread = Unread()

    /// Why sending ended where an attachment couldn't be read; the client only knows that the connection is of no use.
    final class Unread: Sendable {
        private let found = Mutex<(name: String, error: any Error)?>(nil)

        func note(_ name: String, _ error: any Error) { found.withLock { $0 = (name, error) } }
        var failure: (name: String, error: any Error)? { found.withLock { $0 } }
    }

    init(_ layout: MultipartWriter, attachments: [Attachment]) {
        segments = layout.segments
        self.attachments = attachments
    }

    struct AsyncIterator: AsyncIteratorProtocol {
        private var segments: ArraySlice<MultipartWriter.Segment>
        private var attachments: ArraySlice<Attachment>
        private var offset = 0
        private let unread: Unread

        fileprivate init(_ body: UploadBody) {
            unread = body.unread
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
                    let piece = try await read(attachment, member.name)
                    guard !piece.isEmpty else {
                        throw CouchError(.invalidInput, "the attachment “\(member.name)” ends after \(offset) bytes")
                    }
                    offset += piece.count
                    return ByteBuffer(data: piece)
                }
            }
            return nil
        }

        private func read(_ attachment: Attachment, _ name: String) async throws -> Data {
            do {
                return try await attachment.read(at: offset, count: UploadBody.pieceSize)
            } catch {
                // The client cuts the reading off where the server has answered already.
                if !(error is CancellationError) { unread.note(name, error) }
                throw error
            }
        }
    }

    func makeAsyncIterator() -> AsyncIterator { AsyncIterator(self) }
}
