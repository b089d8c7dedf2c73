import CouchDB
import Foundation

/// An attachment of a revision, as the server stores it: compressed bytes stay compressed, so that the digest stays.
package struct Attachment: Sendable {
    /// Where the bytes are.
    package enum Content: Sendable {
        /// In memory; for small attachments only.
        case memory(Data)
        /// Somewhere from where they are read piece by piece.
        case reader(any AttachmentReader)
    }

    /// What the document says of it: name, type, digest, length, encoding. Its content is `follows`.
    package var member: AttachmentMember
    package var content: Content

    package init(member: AttachmentMember, content: Content) {
        self.member = member
        self.content = content
    }

    /// Whether the bytes wait in a temporary file, which is open.
    var isInFile: Bool {
        if case .reader(let reader) = content { reader is SpooledAttachment } else { false }
    }

    /// The number of stored bytes.
    package var size: Int {
        switch content {
        case .memory(let data): data.count
        case .reader(let reader): reader.size
        }
    }

    /// The bytes that it takes in memory.
    package var memorySize: Int {
        if case .memory(let data) = content { data.count } else { 0 }
    }

    /// The stored bytes from a place on; fewer than asked for at the end only.
    package func read(at offset: Int, count: Int) async throws -> Data {
        switch content {
        case .memory(let data):
            let start = data.startIndex + min(max(offset, 0), data.count)
            return data[start..<min(start + count, data.endIndex)]
        case .reader(let reader):
            return try await reader.read(at: offset, count: count)
        }
    }
}

/// The bytes of a large attachment, read piece by piece, most often from the first to the last.
package protocol AttachmentReader: Sendable {
    /// The number of bytes.
    var size: Int { get }

    /// The bytes from a place on; fewer than asked for at the end only.
    func read(at offset: Int, count: Int) async throws -> Data
}
