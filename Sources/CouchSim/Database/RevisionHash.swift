import CouchDB
import Foundation

/// The hash of a new revision, as CouchDB computes it.
enum RevisionHash {
    static func hash(
        parent: RevisionID?, isDeleted: Bool, members: [OrderedJSON.Member], attachments: [Attachment]
    ) throws(CouchFailure) -> String {
        do {
            return try RevisionTerm(
                of: Data(OrderedJSON.object(members).serialized), parent: parent, isDeleted: isDeleted,
                attachments: attachments.map {
                    RevisionTerm.Attachment(name: $0.name, contentType: $0.contentType, md5: $0.md5)
                }
            ).hash
        } catch {
            throw .badRequest(error.message)
        }
    }

    static func hexadecimal(_ bytes: some Sequence<UInt8>) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}
