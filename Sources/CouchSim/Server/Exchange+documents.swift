import CouchDB
import Foundation
import HTTPTypes
import Synchronization

extension Exchange {
    /// What a write by this user may do.
    func writeContext(in database: Database) -> WriteContext {
        WriteContext(
            user: user, isDatabaseAdmin: securityRules(of: database).isAdmin(user),
            validator: server.state.withLock { $0.validators[database.name] })
    }

    /// `/{db}/{id}`, design documents included.
    func document(_ id: String, of database: Database) throws -> SimulatedResponse {
        switch request.method {
        case .put: return try putDocument(id, to: database)
        case .delete: return try deleteDocument(id, from: database)
        case .get, .head:
            return try query["open_revs"] == nil ? getDocument(id, from: database) : openRevisions(id, from: database)
        case .post: throw CouchFailure.badRequest("Referer header required.")
        default: throw CouchFailure.methodNotAllowed("DELETE,GET,HEAD,POST,PUT,COPY")
        }
    }

    private func getDocument(_ id: String, from database: Database) throws -> SimulatedResponse {
        try checkNotHidden(id)
        let named = try query["rev"].map(DocumentInput.revision)
        var options = documentOptions()
        let asMultipart = options.attachments == .inline && !request.acceptsOnlyJSON
        if asMultipart { options.attachments = .follows }
        let (json, revision) = try database.read { content throws(CouchFailure) in
            let revision = try content.revision(id: id, named: named)
            return (content.json(id: id, revision: revision, options: options), revision)
        }
        let attachments = revision.body?.attachments ?? []
        if asMultipart, !attachments.isEmpty {
            return Multipart.related(json, attachments).response.with(.eTag, "\"\(revision.id)\"")
        }
        return SimulatedResponse.json(json).with(.eTag, "\"\(revision.id)\"")
    }

    private func openRevisions(_ id: String, from database: Database) throws -> SimulatedResponse {
        let asJSON = request.acceptsOnlyJSON
        var options = documentOptions()
        // CouchDB's multipart answers always bring the attachments along, but for those that the asker has (`atts_since`).
        if !asJSON { options.attachments = .follows }
        let since = try (query.json("atts_since")?.elements ?? []).map { element in
            try DocumentInput.revision(element.string ?? "")
        }
        let isHidden = has { if case .documentMissing(id) = $0 { true } else { false } }
        let all = query["open_revs"] == "all"
        let asked =
            try all
            ? []
            : (query.json("open_revs")?.elements ?? []).map { element in
                try DocumentInput.revision(element.string ?? "")
            }
        let latest = query.flag("latest")
        let found = database.read { content -> [OpenedRevision] in
            let list: [(asked: RevisionID, found: RevisionTree<DocumentBody>.Revision?)] =
                all
                ? (content.documents[id]?.tree.leaves ?? []).reversed().map { ($0.id, $0) }
                : content.open(id: id, revisions: asked, latest: latest)
            return list.map { entry in
                var options = options
                options.knownGeneration = entry.found.flatMap { content.generation(of: since, in: id, $0.id) }
                return OpenedRevision(
                    asked: entry.asked,
                    json: isHidden ? nil : entry.found.map { content.json(id: id, revision: $0, options: options) },
                    attachments: (entry.found?.body?.attachments ?? []).filter { !options.isKnown($0) })
            }
        }
        if asJSON {
            return .json(
                .array(found.map { $0.json.map { ["ok": $0] } ?? ["missing": .string($0.asked.description)] }))
        }
        return Multipart.mixed(found).response
    }

    private func putDocument(_ id: String, to database: Database) throws -> SimulatedResponse {
        try DocumentInput.check(id: id)
        let (json, contents) = try Multipart.document(of: request)
        var input = try DocumentInput(json)
        if let text = query["rev"] ?? request.headers[.ifMatch]?.trimmingCharacters(in: ["\""]) {
            let revision = try DocumentInput.revision(text)
            if let inside = input.revision, inside != revision {
                throw CouchFailure.badRequest(
                    "Document rev from request body and query string have different values")
            }
            input.revision = revision
        }
        if query["new_edits"] == "false" {
            try server.replicate(input, id: id, contents: contents, to: database, context: writeContext(in: database))
            return .json(["ok": true, "id": .string(id), "rev": OrderedJSON(input.revision?.description)], status: 201)
        }
        try checkNotTriggered(id, input, in: database)
        return try written(
            id, try server.edit(input, id: id, contents: contents, in: database, context: writeContext(in: database)))
    }

    private func deleteDocument(_ id: String, from database: Database) throws -> SimulatedResponse {
        let tree = database.read { $0.documents[id]?.tree }
        guard let winner = tree?.winner else { throw CouchFailure.missing }
        guard !winner.isDeleted else { throw CouchFailure.deleted }
        var input = try DocumentInput(["_deleted": true])
        guard let text = query["rev"] ?? request.headers[.ifMatch]?.trimmingCharacters(in: ["\""]) else {
            throw CouchFailure.conflict
        }
        input.revision = try DocumentInput.revision(text)
        let revision = try server.edit(input, id: id, in: database, context: writeContext(in: database))
        return .json(["ok": true, "id": .string(id), "rev": .string(revision.description)])
    }

    /// `POST /{db}`: a document with an id of the server's choice, if it has none.
    func postDocument(to database: Database) throws -> SimulatedResponse {
        let input = try DocumentInput(try request.declaredJSON())
        let id = input.id ?? RevisionHash.hexadecimal((0..<16).map { _ in UInt8.random(in: 0...255) })
        return try written(id, try server.edit(input, id: id, in: database, context: writeContext(in: database)))
    }

    /// Before 2.1 nobody but the replicator changes a replication that it has started; deleting it is fine
    /// (`couch_replicator_js_functions.hrl`).
    func checkNotTriggered(_ id: String, _ input: DocumentInput, in database: Database) throws(CouchFailure) {
        guard database.isReplicator, !flavour.hasScheduler, !input.isDeleted,
            let winner = database.read({ $0.documents[id]?.tree.winner }), winner.id == input.revision,
            let body = winner.body,
            // What is stored was parsed before.
            let json = try? JSONParser.parse(OrderedJSON.document([], body.members).serialized),
            json["_replication_state"]?.string == "triggered"
        else { return }
        throw .forbidden("Only the replicator can edit replication documents that are in the triggered state.")
    }

    func written(_ id: String, _ revision: RevisionID) throws -> SimulatedResponse {
        SimulatedResponse.json(["ok": true, "id": .string(id), "rev": .string(revision.description)], status: 201)
            .with(.eTag, "\"\(revision)\"")
    }

    func documentOptions() -> DocumentOptions {
        var options = DocumentOptions()
        options.revisions = query.flag("revs")
        options.conflicts = query.flag("conflicts")
        options.deletedConflicts = query.flag("deleted_conflicts")
        options.revisionsInfo = query.flag("revs_info")
        options.localSequence = query.flag("local_seq")
        if query.flag("attachments") { options.attachments = .inline }
        return options
    }

    /// A fault: the document is listed, but can't be read.
    func checkNotHidden(_ id: String) throws(CouchFailure) {
        for case .documentMissing(let hidden) in effects where hidden == id { throw .missing }
    }
}

/// What `open_revs` found for one revision.
struct OpenedRevision: Sendable {
    var asked: RevisionID
    var json: OrderedJSON?
    var attachments: [Attachment]
}
