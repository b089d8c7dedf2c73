import CouchDB
import Foundation

@testable import Replication

/// All that is to be equal in two replicas of one leaf revision.
struct LeafRecord: Hashable, CustomStringConvertible {
    var id: DocumentID
    var path: RevisionPath
    var isDeleted: Bool
    var document: Data
    var attachments: [Data]

    /// The leaves of a replica in memory.
    ///
    /// - Parameter canonical: whether documents are compared as JSON, since a server has its own spelling.
    static func all(of replica: MemoryReplica, canonical: Bool = false) async throws -> Set<LeafRecord> {
        var records: Set<LeafRecord> = []
        for revision in replica.leafRevisions {
            var attachments: [Data] = []
            for attachment in revision.attachments {
                attachments.append(Data(try await attachment.read(at: 0, count: attachment.size)))
            }
            let document = canonical ? try Self.canonical(revision.document) : revision.document
            records.insert(
                LeafRecord(
                    id: revision.id, path: revision.path, isDeleted: revision.isDeleted, document: document,
                    attachments: attachments))
        }
        return records
    }

    private static func canonical(_ document: Data) throws -> Data {
        var members = try JSONValue(parsing: document).object ?? [:]
        if let attachments = members["_attachments"]?.object {
            members["_attachments"] = .object(
                attachments.mapValues { entry in
                    var entry = entry.object ?? [:]
                    entry["revpos"] = nil
                    return .object(entry)
                })
        }
        return JSONValue.object(members).serialized()
    }

    var description: String { "\(id) \(path) \(String(decoding: document.prefix(300), as: UTF8.self))" }
}
