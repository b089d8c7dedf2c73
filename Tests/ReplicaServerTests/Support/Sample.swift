import CouchDB
import Crypto
import Foundation
import Replication

/// The database of most tests: a conflict, a tombstone, attachments plain and compressed, and ids that need care.
struct Sample: Sendable {
    let replica = MemoryReplica(name: "sample")
    /// 300 times “a”.
    static let text = Data(repeating: UInt8(ascii: "a"), count: 300)
    static let binary = Data([0, 1, 2])
    static let oddIDs: [DocumentID] = ["a/b", "plus+", "🛋 %", "_design/x", "e\u{301}", "\u{e9}", "\"q\"\\"]

    /// The revisions of the document “c”: the winner, its conflict and a tombstone beside.
    static let conflict = ["2-c", "2-b", "3-d"]
    static let attachmentRevision = "1-0123456789abcdef0123456789abcdef"

    init(ids: [DocumentID] = oddIDs) async throws {
        var revisions: [Revision] = []
        revisions.append(try Self.withAttachments())
        for json in [
            #"{"_id":"c","_rev":"2-b","x":1,"_revisions":{"start":2,"ids":["b","a"]}}"#,
            #"{"_id":"c","_rev":"2-c","x":2.0,"_revisions":{"start":2,"ids":["c","a"]}}"#,
            #"{"_id":"c","_rev":"3-d","_deleted":true,"_revisions":{"start":3,"ids":["d","x","a"]}}"#,
            #"{"_id":"gone","_rev":"1-g","_deleted":true,"why":"old","_revisions":{"start":1,"ids":["g"]}}"#,
        ] {
            revisions.append(try Revision(document: Data(json.utf8)))
        }
        _ = try await replica.store(revisions, checkpoint: nil)
        for id in ids {
            // What a decoder would change: a number's spelling, the order of keys.
            try replica.edit(id, members: #""z":1.0,"a":12345678901234567890,"é":"\u00e9""#)
        }
    }

    private static func withAttachments() throws -> Revision {
        let packed = try gzipped.get()
        let json = """
            {"_id":"d1","_rev":"\(attachmentRevision)","v":1.0,"_revisions":{"start":1,"ids":["\
            \(attachmentRevision.dropFirst(2))"]},"_attachments":{"t.txt":{"content_type":"text/plain","revpos":1,\
            "digest":"\(digest(of: packed))","length":300,"follows":true,"encoding":"gzip",\
            "encoded_length":\(packed.count)},"dir/b.bin":{"content_type":"application/octet-stream","revpos":1,\
            "digest":"\(digest(of: binary))","length":3,"follows":true}}}
            """
        let members = try DocumentMembers(of: Data(json.utf8))
        let attachments = zip(members.attachments, [packed, binary]).map {
            Attachment(member: $0, content: .memory($1))
        }
        return try Revision(document: Data(json.utf8), members: members, attachments: attachments)
    }

    static func digest(of bytes: Data) -> String {
        "md5-" + Data(Insecure.MD5.hash(data: bytes)).base64EncodedString()
    }

    /// ``text``, compressed.
    static let gzipped = Result { try ReplicaServerTests.gzipped(text) }
}
