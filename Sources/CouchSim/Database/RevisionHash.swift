import CouchDB
import Crypto

/// The hash of a new revision, computed as CouchDB computes it (`couch_db:new_revid`): the same edit of the same
/// document has the same revision on every server.
enum RevisionHash {
    static func hash(
        parent: RevisionID?, isDeleted: Bool, members: [OrderedJSON.Member], attachments: [Attachment]
    ) -> String {
        var term = ExternalTerm()
        term.version()
        term.list(5)
        term.atom(isDeleted ? "true" : "false")
        term.integer(parent?.generation ?? 0)
        if let parent { term.binary(bytes(of: parent.hash)) } else { term.integer(0) }
        term.object(members)
        term.list(attachments.count)
        // The stored order is the reverse of the served one.
        for attachment in attachments.reversed() {
            term.tuple(3)
            term.binary(attachment.name.utf8)
            term.binary(attachment.contentType.utf8)
            term.binary(attachment.md5)
        }
        term.listEnd()
        term.listEnd()
        return hexadecimal(Insecure.MD5.hash(data: term.bytes))
    }

    static func hexadecimal(_ bytes: some Sequence<UInt8>) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    /// CouchDB holds 32 hexadecimal digits as 16 bytes, and any other text as it is.
    private static func bytes(of hash: String) -> [UInt8] {
        let digits = Array(hash.utf8)
        guard digits.count == 32 else { return digits }
        let pairs = stride(from: 0, to: 32, by: 2).map {
            UInt8(String(decoding: digits[$0..<$0 + 2], as: UTF8.self), radix: 16)
        }
        let bytes = pairs.compactMap(\.self)
        return bytes.count == 16 ? bytes : digits
    }
}
