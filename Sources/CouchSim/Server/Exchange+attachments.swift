import CouchDB
import HTTPTypes

extension Exchange {
    /// Answers `/{db}/{id}/{name}`.
    func attachment(_ name: String, of id: String, in database: Database) throws -> SimulatedResponse {
        let named = try query["rev"].map(DocumentInput.revision)
        switch request.method {
        case .get, .head:
            try checkNotHidden(id)
            let revision = try database.read { content throws(CouchFailure) in
                try content.revision(id: id, named: named)
            }
            guard let attachment = revision.body?.attachments.first(where: { $0.name == name }) else {
                throw CouchFailure(404, "not_found", "Document is missing attachment")
            }
            return SimulatedResponse(200, contentType: attachment.contentType, body: .bytes(attachment.data))
                .with(.eTag, "\"\(attachment.digest.dropFirst(4))\"")
        case .put:
            let type = request.headers[.contentType] ?? "application/octet-stream"
            let revision = try change(id, in: database, based: named) { input in
                input.attachments.removeAll { $0.name == name }
                // The newest comes first.
                input.attachments.insert(
                    DocumentInput.AttachmentInput(name: name, contentType: type, content: .data(request.body)), at: 0)
            }
            return try written(id, revision)
        case .delete:
            let revision = try change(id, in: database, based: named) { input in
                input.attachments.removeAll { $0.name == name }
            }
            return .json(["ok": true, "id": .string(id), "rev": .string(revision.description)])
        default:
            throw CouchFailure.methodNotAllowed("DELETE,GET,HEAD,PUT")
        }
    }

    /// Edits a document so that only its attachments change.
    private func change(
        _ id: String, in database: Database, based revision: RevisionID?, _ edit: (inout DocumentInput) -> Void
    ) throws -> RevisionID {
        let current = database.read { $0.documents[id]?.tree.winner }
        var input: DocumentInput
        if let current, !current.isDeleted {
            guard let revision else { throw CouchFailure.conflict }
            guard current.id == revision else { throw CouchFailure(409, "not_found", "missing_rev") }
            let members = OrderedJSON.document([], current.body?.members ?? []).serialized
            input = try DocumentInput(try JSONParser.parse(members))
            input.attachments = (current.body?.attachments ?? []).map {
                DocumentInput.AttachmentInput(name: $0.name, content: .stub)
            }
        } else {
            // Unlike a document that is written, it is opened at the revision first.
            guard revision == nil || revision == current?.id else {
                throw CouchFailure(409, "not_found", "missing_rev")
            }
            input = try DocumentInput([:])
        }
        input.revision = revision
        edit(&input)
        return try server.edit(input, id: id, in: database, context: writeContext(in: database))
    }
}
