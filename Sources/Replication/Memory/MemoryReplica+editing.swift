import CouchDB
import Crypto
import Foundation

/// What users and administrators do to a database.
extension MemoryReplica {
    /// Makes a new revision and returns its identity.
    ///
    /// - Parameters:
    ///   - parent: the leaf that it replaces; the winner of a deleted document, or none, where nil.
    ///   - members: the document's own members as JSON text, without braces.
    ///   - attachments: all of the new revision's attachments.
    @discardableResult
    package func edit(
        _ id: DocumentID, on parent: RevisionID? = nil, isDeleted: Bool = false, members: String = "",
        attachments: [(name: String, type: String, bytes: Data)] = []
    ) throws -> RevisionID {
        try changes.change { state in
            let tree = state.documents[id]?.tree ?? RevisionTree()
            let base = try tree.parentOfEdit(basedOn: parent)
            let ancestors = base.flatMap { tree.path(to: $0) }
            let draft = Draft(
                id: id, ancestors: ancestors, isDeleted: isDeleted, members: members, attachments: attachments)
            let revision = try draft.revision()
            state.insert(revision)
            return revision.revision
        }
    }

    /// Makes a leaf beside the others, as two servers do that don't know of each other.
    @discardableResult
    package func conflict(_ id: DocumentID, on parent: RevisionID?, members: String) throws -> RevisionID {
        try changes.change { state in
            let ancestors = parent.flatMap { state.documents[id]?.tree.path(to: $0) }
            let revision = try Draft(
                id: id, ancestors: ancestors, isDeleted: false, members: members, attachments: []
            ).revision()
            state.insert(revision)
            return revision.revision
        }
    }

    /// Removes leaves as if they had never been.
    @discardableResult
    package func purge(_ id: DocumentID, _ revisions: [RevisionID]) -> [RevisionID] {
        changes.change { state in
            let purged = state.documents[id]?.tree.purge(revisions) ?? []
            guard !purged.isEmpty else { return [] }
            state.purges += 1
            if state.documents[id]?.tree.isEmpty == true {
                state.documents[id] = nil
                state.sequence += 1
            } else {
                state.touch(id)
            }
            return purged
        }
    }

    /// Drops the bodies of all ancestors.
    package func compact() {
        changes.change { state in
            for id in state.documents.keys { state.documents[id]?.tree.compact() }
        }
    }

    /// The documents with their leaves, the winner first.
    package var leaves: [DocumentLeaves] {
        changes.read { state in
            state.documents.map { DocumentLeaves(id: $0.key, revisions: $0.value.tree.leaves.map(\.id)) }
                .sorted { $0.id < $1.id }
        }
    }

    /// All leaf revisions.
    package var leafRevisions: [Revision] {
        changes.read { state in
            state.documents.sorted { $0.key < $1.key }.flatMap { $0.value.tree.leaves.compactMap(\.body) }
        }
    }
}

/// A revision that is to be made.
private struct Draft {
    var id: DocumentID
    var ancestors: RevisionPath?
    var isDeleted: Bool
    var members: String
    var attachments: [(name: String, type: String, bytes: Data)]

    func revision() throws -> Revision {
        let generation = (ancestors?.start ?? 0) + 1
        var hash = Insecure.MD5()
        for text in [id.text, ancestors?.leaf.description ?? "", String(isDeleted), members] {
            hash.update(data: Data(text.utf8))
            hash.update(data: [0])
        }
        for attachment in attachments { hash.update(data: attachment.bytes) }
        let digits = hash.finalize().map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        let ids = [digits] + (ancestors?.ids ?? [])
        var text = #"{"_id":\#(Self.json(id.text)),"_rev":"\#(generation)-\#(digits)""#
        if isDeleted { text += #","_deleted":true"# }
        if !members.isEmpty { text += "," + members }
        text += #","_revisions":{"start":\#(generation),"ids":[\#(ids.map(Self.json).joined(separator: ","))]}"#
        if !attachments.isEmpty {
            let entries = attachments.map { attachment in
                let digest = Data(Insecure.MD5.hash(data: attachment.bytes)).base64EncodedString()
                return #"\#(Self.json(attachment.name)):{"content_type":\#(Self.json(attachment.type)),"#
                    + #""revpos":\#(generation),"digest":"md5-\#(digest)","length":\#(attachment.bytes.count),"follows":true}"#
            }
            text += #","_attachments":{\#(entries.joined(separator: ","))}"#
        }
        let document = Data((text + "}").utf8)
        let described = try DocumentMembers(of: document)
        return try Revision(
            document: document, members: described,
            attachments: zip(described.attachments, attachments).map {
                Attachment(member: $0, content: .memory($1.bytes))
            })
    }

    private static func json(_ text: String) -> String {
        String(decoding: JSONValue.string(text).serialized(), as: UTF8.self)
    }
}
