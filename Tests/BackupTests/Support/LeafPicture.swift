import CouchDB
import Crypto
import Foundation
import Replication

/// All that is to be equal of one leaf revision, in two replicas or at two times.
struct LeafPicture: Hashable, CustomStringConvertible {
    var id: DocumentID
    var path: RevisionPath
    var isDeleted: Bool
    var document: Data
    /// The SHA-256 of each attachment's bytes, by its name.
    var attachments: [String: Data]

    /// The leaves of a replica, read anew.
    static func all(of replica: some ComparableReplica) async throws -> Set<LeafPicture> {
        var documents: [DocumentID: DocumentLeaves] = [:]
        _ = try await replica.readLeaves(since: .zero) { page, _ in
            for document in page { documents[document.id] = document }
        }
        var pictures: Set<LeafPicture> = []
        try await replica.revisions(Array(documents.values)) { answer in
            guard case .given(let revisions) = answer.outcome else {
                throw CouchError(.malformedAnswer, "\(answer)")
            }
            for revision in revisions { pictures.insert(try await LeafPicture(revision)) }
        }
        return pictures
    }

    private init(_ revision: Revision) async throws {
        (id, path, isDeleted, document) = (revision.id, revision.path, revision.isDeleted, revision.document)
        attachments = [:]
        for attachment in revision.attachments {
            var hash = SHA256()
            var offset = 0
            while offset < attachment.size {
                let piece = try await attachment.read(at: offset, count: 1 << 20)
                guard !piece.isEmpty else { break }
                hash.update(data: piece)
                offset += piece.count
            }
            attachments[attachment.member.name] = Data(hash.finalize())
        }
    }

    /// The same without the order of `_attachments`, which CouchDB does not keep.
    var unordered: LeafPicture {
        get throws {
            guard !attachments.isEmpty else { return self }
            var picture = self
            picture.document = try JSONValue(parsing: document).serialized()
            return picture
        }
    }

    var description: String {
        "\(id) \(path.leaf)\(isDeleted ? " deleted" : "") \(String(decoding: document.prefix(300), as: UTF8.self))"
    }
}

extension Set<LeafPicture> {
    var unordered: Set<LeafPicture> { get throws { try Set(map { try $0.unordered }) } }

    /// The text of what is in one set alone, for the message of a failed test.
    func difference(from other: Set<LeafPicture>) -> String {
        let (left, right) = (subtracting(other), other.subtracting(self))
        return "\(left.count) only on the left: \(left.prefix(3)), \(right.count) only on the right: \(right.prefix(3))"
    }
}
