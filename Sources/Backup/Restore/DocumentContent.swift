import CouchDB
import Crypto
import Foundation
import Replication

/// What a revision says, whatever its revision id: its members without those of replication, and its attachments.
struct DocumentContent: Hashable {
    private let digest: SHA256.Digest
    private let attachments: [String: String]

    /// - Throws: `CouchError` where the document can't be read.
    init(_ revision: Revision) throws {
        let members = try JSONMembers(of: revision.document)
        var hash = SHA256()
        for member in members.members where !Self.ofReplication.contains(member.key ?? "") {
            hash.update(data: members.text(of: member))
            hash.update(data: Data([0]))
        }
        digest = hash.finalize()
        attachments = Dictionary(
            try DocumentMembers(of: revision.document).attachments.map {
                ($0.name, "\($0.digest ?? "") \($0.length ?? -1) \($0.contentType ?? "")")
            }, uniquingKeysWith: { $1 })
    }

    private static let ofReplication: Set<String> = ["_rev", "_revisions", "_attachments", "_deleted"]
}

extension Revision {
    /// The same content as a new edit on top of another revision.
    ///
    /// The new revision's hash depends on both alone, so that an edit that is made twice is one edit.
    ///
    /// - Throws: `CouchError` where the document can't be read.
    ///
    /// - Parameter generation: the smallest generation of the edit, so that it wins over its conflicts: revisions between,
    ///   which never were, fill the gap.
    func onTop(of parent: Revision, generation: Int = 0) throws -> Revision {
        try edited(
            on: parent, members: try JSONMembers(of: document), isDeleted: isDeleted, generation: generation)
    }

    /// A tombstone on top of this revision.
    func tombstone() throws -> Revision {
        let bytes = Data(#"{"_id":"#.utf8) + JSONValue.string(id.text).serialized() + Data(#","_deleted":true}"#.utf8)
        var empty = self
        (empty.document, empty.attachments) = (bytes, [])
        return try empty.edited(on: self, members: try JSONMembers(of: bytes), isDeleted: true)
    }

    /// The document without any revision, as a client writes a new one.
    ///
    /// - Throws: `CouchError` where the document can't be read.
    func asNew() throws -> Data {
        let texts = Self.withoutRevision(try JSONMembers(of: document))
        return Data("{".utf8) + texts.joined(separator: Data(",".utf8)) + Data("}".utf8)
    }

    private static func withoutRevision(_ members: JSONMembers) -> [Data] {
        members.members.filter { $0.key != "_rev" && $0.key != "_revisions" }.map { members.text(of: $0) }
    }

    /// The most revisions that never were: CouchDB keeps a thousand of the past, and anybody can name any generation.
    private static let mostBetween = 100_000

    private func edited(
        on parent: Revision, members: JSONMembers, isDeleted: Bool, generation: Int = 0
    ) throws -> Revision {
        let (first, overflows) = parent.path.start.addingReportingOverflow(1)
        let last = max(first, generation)
        guard !overflows, last - first <= Self.mostBetween else {
            throw CouchError(
                .invalidInput,
                "no new edit can stand on top of \(parent.revision): somebody has given a revision of the document a number of edits that "
                    + "nobody makes")
        }
        let added = (first...last).map { number in
            let seed = "\(revision) \(parent.revision) \(isDeleted)" + (number == first ? "" : " \(number)")
            let hash = SHA256.hash(data: Data(seed.utf8)).prefix(16).map { String(format: "%02x", $0) }.joined()
            return RevisionID(generation: number, hash: hash)
        }
        guard let leaf = added.last, let path = RevisionPath(added.reversed() + parent.path.revisions) else {
            throw CouchError(.malformedAnswer, "the revision \(parent.revision) can't have a successor")
        }
        var document = Data("{".utf8)
        for text in Self.withoutRevision(members) {
            document.append(text)
            document.append(UInt8(ascii: ","))
        }
        document.append(Data(#""_rev":"\#(leaf)","_revisions":"#.utf8))
        document.append(try JSONEncoder().encode(path))
        document.append(UInt8(ascii: "}"))
        return Revision(id: id, path: path, isDeleted: isDeleted, document: document, attachments: attachments)
    }
}
