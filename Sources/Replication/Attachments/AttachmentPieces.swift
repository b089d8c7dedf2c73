import CouchDB
import Foundation

/// Reads an attachment piece by piece, as it is stored or decompressed.
package struct AttachmentPieces {
    private static let pieceSize = 64 << 10

    private let attachment: Attachment
    private let inflater: Inflater?
    private let expected: Int?
    private var offset = 0
    private var delivered = 0

    /// - Parameter isDecoded: whether gzip is to be undone.
    package init(of attachment: Attachment, isDecoded: Bool) throws(CouchError) {
        self.attachment = attachment
        let decompresses = isDecoded && attachment.member.encoding == "gzip"
        inflater = decompresses ? try Inflater() : nil
        expected = decompresses ? attachment.member.decodedLength : attachment.member.partLength
    }

    /// The next piece; nil behind the last one.
    ///
    /// - Throws: `CouchError` where the bytes are not as many as the document tells.
    package mutating func next() async throws -> Data? {
        while true {
            if let piece = try inflater?.next() { return count(piece) }
            let stored = try await attachment.read(at: offset, count: Self.pieceSize)
            guard !stored.isEmpty else {
                try inflater?.finish()
                try checkLength()
                return nil
            }
            offset += stored.count
            guard let inflater else { return count(stored) }
            inflater.append(stored)
        }
    }

    private mutating func count(_ piece: Data) -> Data {
        delivered += piece.count
        return piece
    }

    private func checkLength() throws(CouchError) {
        guard let expected, expected != delivered else { return }
        throw CouchError(
            .malformedAnswer,
            "the attachment “\(attachment.member.name)” has \(delivered) bytes and not \(expected), as its document says"
        )
    }
}
