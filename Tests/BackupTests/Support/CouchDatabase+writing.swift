import CouchDB
import Foundation
import Replication

extension CouchDatabase {
    /// Writes documents on top of what they are; one with `_deleted` deletes.
    func write(_ documents: [String: [String: JSONValue]]) async throws {
        for (id, members) in documents.sorted(by: { $0.key < $1.key }) {
            var members = members
            members["_rev"] = try await document(id)?["_rev"]
            _ = try await putDocument(id, members: members)
        }
    }

    /// Writes so many documents `document-1` and so on.
    func fill(_ count: Int, prefix: String = "document-", value: Int64 = 0) async throws {
        let documents = (1...count).map { number in
            let hash = String(repeating: "0", count: 24) + String(format: "%08x", number + Int(value) * 100_000)
            return Data(
                #"{"_id":"\#(prefix)\#(number)","_rev":"1-\#(hash)","_revisions":{"start":1,"ids":["\#(hash)"]},"value":\#(value)}"#
                    .utf8)
        }
        _ = try await bulkDocuments(documents)
    }

    /// Writes a revision beside the others, as replication does.
    func replicate(_ id: String, _ revisions: [String], _ members: String = #""conflict":true"#) async throws {
        let path = revisions.compactMap { RevisionID($0) }
        let ids = path.map { "\"\($0.hash)\"" }.joined(separator: ",")
        let document =
            #"{"_id":"\#(id)","_rev":"\#(revisions[0])","_revisions":{"start":\#(path[0].generation),"ids":[\#(ids)]},\#(members)}"#
        _ = try await bulkDocuments([Data(document.utf8)])
    }

    /// Writes a first revision that has an attachment.
    func attach(_ bytes: Data, named name: String = "a", to id: String = "attached") async throws {
        try await replicate(
            id, [revision(1, "a")],
            #""_attachments":{"\#(name)":{"content_type":"image/png","data":"\#(bytes.base64EncodedString())"}}"#)
    }
}

/// A revision whose hash is one digit again and again.
func revision(_ generation: Int, _ digit: Character) -> String {
    "\(generation)-\(String(repeating: digit, count: 32))"
}
