import CouchDB
import Foundation
import Replication

extension BodyOutput {
    /// Sends an attachment as it is stored, or decompressed.
    mutating func write(_ attachment: Attachment, isDecoded: Bool) async throws {
        var pieces = try AttachmentPieces(of: attachment, isDecoded: isDecoded)
        while let piece = try await pieces.next() { try await write(piece) }
    }

    /// Sends an attachment, decompressed, as base64.
    mutating func writeBase64(_ attachment: Attachment) async throws {
        var pieces = try AttachmentPieces(of: attachment, isDecoded: true)
        var rest = Data()
        while let piece = try await pieces.next() {
            rest.append(piece)
            // Three bytes make four characters: what is left over waits for the next piece.
            let whole = rest.count - rest.count % 3
            try await write(rest.prefix(whole).base64EncodedData())
            rest = Data(rest.dropFirst(whole))
        }
        try await write(rest.base64EncodedData())
    }
}
