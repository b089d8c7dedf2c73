import CouchDB
import Foundation

extension DatabaseState {
    /// Makes a new revision, as the document API and `_bulk_docs` do.
    mutating func edit(
        _ input: DocumentInput, id: String, contents: [String: [UInt8]] = [:], context: WriteContext
    ) throws(CouchFailure) -> RevisionID {
        let tree = documents[id]?.tree ?? RevisionTree()
        let parent: RevisionID?
        do throws(CouchError) {
            // An edit of a document that doesn't exist may name any revision: CouchDB 3.5 takes it for the history.
            parent = tree.isEmpty ? input.revision : try tree.parentOfEdit(basedOn: input.revision)
        } catch {
            throw .conflict
        }
        let generation = (parent?.generation ?? 0) + 1
        let known = parent.flatMap { tree[$0]?.body?.attachments } ?? []
        let attachments = try Self.attachments(
            of: input, id: id, contents: contents, known: known, generation: generation)
        try check(input, id: id, context: context)
        let hash = try RevisionHash.hash(
            parent: parent, isDeleted: input.isDeleted, members: input.members, attachments: attachments)
        let body = DocumentBody(members: input.text, attachments: attachments)
        modify(id) { document in
            document.tree.insert(
                Self.path(from: parent, to: RevisionID(generation: generation, hash: hash)), isDeleted: input.isDeleted,
                body: body)
            return true
        }
        return RevisionID(generation: generation, hash: hash)
    }

    /// Takes in a revision as it is, as a write with `new_edits: false` does.
    mutating func replicate(
        _ input: DocumentInput, id: String, contents: [String: [UInt8]] = [:], context: WriteContext
    ) throws(CouchFailure) {
        guard let path = input.path ?? input.revision.map({ RevisionPath($0) }) else {
            throw .badRequest("When `new_edits: false`, the document needs `_rev` or `_revisions` specified")
        }
        let tree = documents[id]?.tree ?? RevisionTree()
        guard tree[path.leaf]?.body == nil else { return }
        let known = tree.leaves.flatMap { $0.body?.attachments ?? [] }
        let attachments = try Self.attachments(
            of: input, id: id, contents: contents, known: known, generation: 0)
        try check(input, id: id, context: context)
        let body = DocumentBody(members: input.text, attachments: attachments)
        modify(id) { document in
            // A path that ends in a known ancestor adds nothing.
            guard !document.tree.contains(path.leaf) else { return false }
            document.tree.insert(path, isDeleted: input.isDeleted, body: body)
            return true
        }
    }

    private func check(_ input: DocumentInput, id: String, context: WriteContext) throws(CouchFailure) {
        if id.hasPrefix("_design/") {
            guard context.isDatabaseAdmin else {
                let reason = "You are not a db or server admin."
                throw context.user.name == nil ? .unauthorized(reason) : .forbidden(reason)
            }
            return
        }
        for rule in rules.values { try rule.check(input.members) }
        guard let validator = context.validator else { return }
        var head = [OrderedJSON.Member("_id", .string(id))]
        if input.isDeleted { head.append(OrderedJSON.Member("_deleted", true)) }
        let text = OrderedJSON.document(head, input.text).serialized
        do throws(Refusal) {
            // The text was made a line above, so that it parses.
            guard let document = try? JSONValue(parsing: Data(text)) else { return }
            try validator(document)
        } catch {
            throw error.failure
        }
    }

    private static func path(from parent: RevisionID?, to revision: RevisionID) -> RevisionPath {
        guard let parent, let path = RevisionPath([revision, parent]) else { return RevisionPath(revision) }
        return path
    }

    private static func attachments(
        of input: DocumentInput, id: String, contents: [String: [UInt8]], known: [Attachment], generation: Int
    ) throws(CouchFailure) -> [Attachment] {
        var attachments: [Attachment] = []
        for entry in input.attachments {
            var data: [UInt8]
            switch entry.content {
            case .data(let bytes): data = bytes
            case .follows:
                guard let bytes = contents[entry.name] else {
                    throw .badRequest("the request has no part for attachment \(entry.name)")
                }
                data = bytes
            case .stub:
                guard let stored = known.first(where: { $0.name == entry.name }) else {
                    throw CouchFailure(412, "missing_stub", "Invalid attachment stub in \(id) for \(entry.name)")
                }
                attachments.append(stored)
                continue
            }
            if entry.isCompressed { data = try Gunzip.unpack(data) }
            attachments.append(
                Attachment(
                    name: entry.name, contentType: entry.contentType ?? "application/octet-stream",
                    revisionPosition: entry.revisionPosition ?? generation, data: data))
        }
        return attachments
    }
}
