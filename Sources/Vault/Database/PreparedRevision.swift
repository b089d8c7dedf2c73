import CouchDB
import Crypto
import Foundation
import Replication

/// A revision in the form in which it is stored, made before the writer's turn comes.
struct PreparedRevision: Sendable {
    let name: Data
    let key: Int64
    let path: RevisionPath
    let isDeleted: Bool
    let size: Int
    let coding: BodyCoding
    let data: Data
    let documentHash: SHA256Digest
    var attachments: [PreparedAttachment] = []

    init(_ revision: Revision, compressor: FrameCompressor) {
        name = Data(revision.id.text.utf8)
        key = LeafRow.key(name)
        path = revision.path
        isDeleted = revision.isDeleted
        size = revision.document.count
        documentHash = SHA256.hash(data: revision.document)
        (coding, data) = compressor.compress(revision.document)
    }
}

/// An attachment on its way into the vault.
enum PreparedAttachment: Sendable {
    case small(data: Data, sha256: Data)
    case large(ObjectFolder.Draft)

    var sha256: Data {
        switch self {
        case .small(_, let sha256): sha256
        case .large(let draft): draft.sha256
        }
    }
}
