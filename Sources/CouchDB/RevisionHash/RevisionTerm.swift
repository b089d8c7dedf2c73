import Crypto
import Foundation

/// What CouchDB computes a new revision's hash of: the MD5 of the Erlang term
/// `[Deleted, OldStart, OldRev, Body, Attachments]` (`couch_db:new_revid`), so that the same edit of the same document has
/// the same revision on every server.
///
/// A document whose term has the hash of its revision is byte for byte what the author's server took in, whatever it has
/// passed through since. Where the hash is another, that alone says little: CouchDB doesn't check the revisions that it is
/// given by replication, and other programs compute them in other ways.
///
/// Checked against CouchDB 3.5.0. CouchDB 1.x on an Erlang before 17 wrote floating-point numbers differently.
public struct RevisionTerm: Sendable {
    /// What a hash covers of an attachment.
    public struct Attachment: Sendable, Hashable {
        /// The attachment's name.
        public var name: String
        /// The media type.
        public var contentType: String
        /// The 16 bytes of the MD5 of the stored bytes.
        public var md5: [UInt8]

        /// Describes an attachment.
        public init(name: String, contentType: String, md5: [UInt8]) {
            (self.name, self.contentType, self.md5) = (name, contentType, md5)
        }

        /// Takes what a document says of an attachment; nil where it tells no MD5 or no type.
        public init?(_ member: AttachmentMember) {
            guard let digest = member.digest, digest.hasPrefix("md5-"), let type = member.contentType,
                let md5 = Data(base64Encoded: String(digest.dropFirst(4))), md5.count == 16
            else { return nil }
            self.init(name: member.name, contentType: type, md5: Array(md5))
        }
    }

    /// How much of a document a hash covers.
    public enum Coverage: Sendable, Hashable {
        /// The body, the tombstone's mark, the parent and the attachments.
        case everything
        /// All but the attachments, of which only the number is covered.
        ///
        /// So it is where a deleted document was written again without naming its revision: CouchDB 3.5.0 computes that
        /// hash from attachments in another form, in which it finds neither name nor type nor digest (`undefined`).
        case allButAttachments
    }

    /// The term up to the attachments.
    private let start: [UInt8]
    private let attachments: [Attachment]
    /// Where the signs of floating-point zeros are.
    private let zeros: [Int]

    /// Makes the term of a document.
    ///
    /// - Parameters:
    ///   - document: the bytes that a server sent, or the members alone; those with an underscore are passed over.
    ///   - parent: the revision that was replaced; nil for a document's first one.
    ///   - isDeleted: whether the revision is a tombstone.
    ///   - attachments: the attachments in the order in which the document lists them.
    /// - Throws: ``CouchError`` with code ``CouchError/Code-swift.struct/malformedAnswer`` where the bytes hold what no
    ///   document of CouchDB holds.
    public init(
        of document: Data, parent: RevisionID?, isDeleted: Bool, attachments: [Attachment] = []
    ) throws(CouchError) {
        var term = ExternalTerm()
        _ = term.beginList()
        term.atom(isDeleted ? "true" : "false")
        term.integer(parent?.generation ?? 0)
        if let parent { term.binary(parent.hashBytes) } else { term.integer(0) }
        var visitor = TermVisitor(term)
        do {
            var cursor = JSONCursor()
            try cursor.visitContent(in: document.span.bytes, with: &visitor)
        } catch {
            throw CouchError(.malformedAnswer, "a document can't be made a term: \(error)")
        }
        (start, zeros, self.attachments) = (visitor.term.bytes, visitor.zeros, attachments)
    }

    /// The hash, as 32 hexadecimal digits.
    public var hash: String {
        Insecure.MD5.hash(data: bytes(.everything)).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    /// How much of this document the revision's hash covers; nil where it is the hash of something else.
    ///
    /// CouchDB serves -0.0 as 0.0. So where the document has a few zeros, each of them is also tried as a negative one.
    public func coverage(of revision: RevisionID) -> Coverage? {
        guard let digest = revision.digest else { return nil }
        if isHash(digest, covering: .everything) { return .everything }
        // A document that was deleted before is not in its first generation.
        guard !attachments.isEmpty, revision.generation > 1 else { return nil }
        return isHash(digest, covering: .allButAttachments) ? .allButAttachments : nil
    }

    private func isHash(_ digest: (high: UInt64, low: UInt64), covering coverage: Coverage) -> Bool {
        var bytes = bytes(coverage)
        if Self.isHash(digest, of: bytes) { return true }
        guard !zeros.isEmpty, zeros.count <= Self.mostZeros else { return false }
        return (1..<1 << zeros.count).contains { signs in
            for (index, offset) in zeros.enumerated() { bytes[offset] = signs & 1 << index != 0 ? 0x80 : start[offset] }
            return Self.isHash(digest, of: bytes)
        }
    }

    /// Sixteen hashes at most.
    private static let mostZeros = 4

    private func bytes(_ coverage: Coverage) -> [UInt8] {
        var term = ExternalTerm(continuing: start)
        let list = term.beginList()
        // CouchDB turns them round while it collects their digests.
        for attachment in attachments.reversed() {
            term.tuple(3)
            switch coverage {
            case .everything:
                term.binary(attachment.name.utf8)
                term.binary(attachment.contentType.utf8)
                term.binary(attachment.md5)
            case .allButAttachments:
                for _ in 0..<3 { term.atom("undefined") }
            }
        }
        term.endList(at: list, count: attachments.count)
        term.endList(at: Self.list, count: 5)
        return term.bytes
    }

    /// Where the outermost list begins, behind the version.
    private static let list = 1

    private static func isHash(_ digest: (high: UInt64, low: UInt64), of bytes: [UInt8]) -> Bool {
        Insecure.MD5.hash(data: bytes).withUnsafeBytes { hash in
            UInt64(bigEndian: hash.loadUnaligned(as: UInt64.self)) == digest.high
                && UInt64(bigEndian: hash.loadUnaligned(fromByteOffset: 8, as: UInt64.self)) == digest.low
        }
    }
}
