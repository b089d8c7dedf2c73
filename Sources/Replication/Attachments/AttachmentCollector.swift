import CouchDB
import Crypto
import Foundation
import SystemPackage

/// Takes in one attachment from a server's answer: small ones into memory, large ones into a temporary file.
///
/// The digest that the document tells is checked over the bytes as the server stores them.
struct AttachmentCollector {
    private enum Place {
        case memory(Data)
        case file(SpooledAttachment.Writer)
    }

    private let member: AttachmentMember
    private let threshold: Int
    private let folder: FilePath
    private var place = Place.memory(Data())
    private var md5 = Insecure.MD5()

    /// - Parameters:
    ///   - threshold: the largest attachment in bytes that is held in memory.
    ///   - folder: where temporary files go.
    init(_ member: AttachmentMember, threshold: Int, folder: FilePath) {
        self.member = member
        self.threshold = threshold
        self.folder = folder
    }

    mutating func append(_ bytes: Data) async throws {
        md5.update(data: bytes)
        switch place {
        case .memory(var data) where data.count + bytes.count <= threshold:
            place = .memory(Data())
            data.append(bytes)
            place = .memory(data)
        case .memory(let data):
            var writer = try await SpooledAttachment.Writer.make(in: folder)
            try await writer.append(data)
            try await writer.append(bytes)
            place = .file(writer)
        case .file(var writer):
            try await writer.append(bytes)
            place = .file(writer)
        }
    }

    /// Returns the attachment.
    ///
    /// - Throws: `CouchError` with code `malformed-answer` where the digest is another.
    mutating func finish() throws -> Attachment {
        let digest = "md5-" + Data(md5.finalize()).base64EncodedString()
        if let told = member.digest, told.hasPrefix("md5-"), told != digest {
            throw CouchError(
                .malformedAnswer,
                "the attachment “\(member.name)” has the digest \(digest) and not \(told), as its document says")
        }
        return switch place {
        case .memory(let data): Attachment(member: member, content: .memory(data))
        case .file(let writer): Attachment(member: member, content: .reader(writer.finish()))
        }
    }
}
