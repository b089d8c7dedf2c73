import CouchDB
import HTTPTypes

extension Exchange {
    func bulkDocuments(to database: Database) throws -> SimulatedResponse {
        try allow(.post)
        let body = try request.declaredJSON()
        guard let list = body["docs"] else {
            throw CouchFailure.badRequest("POST body must include `docs` parameter.")
        }
        guard let documents = list.elements else {
            throw CouchFailure.badRequest("`docs` parameter must be an array.")
        }
        // One document that isn't one refuses them all.
        let inputs = try documents.map { try DocumentInput($0) }
        let isReplication = body["new_edits"]?.bool == false
        if isReplication, inputs.contains(where: { $0.id == nil || $0.revision == nil }) {
            throw CouchFailure.badRequest(
                "When `new_edits: false`, the document needs `_rev` or `_revisions` specified")
        }
        let context = writeContext(in: database)
        let rows = inputs.compactMap { input -> OrderedJSON? in
            let id = input.id ?? RevisionHash.hexadecimal((0..<16).map { _ in UInt8.random(in: 0...255) })
            do throws(CouchFailure) {
                if isReplication {
                    try server.replicate(input, id: id, to: database, context: context)
                    return nil
                }
                try checkNotTriggered(id, input, in: database)
                let revision = try server.edit(input, id: id, in: database, context: context)
                return ["ok": true, "id": .string(id), "rev": .string(revision.description)]
            } catch {
                var row: OrderedJSON = ["id": .string(id)]
                if isReplication { row.append("rev", OrderedJSON(input.revision?.description)) }
                row.append("error", .string(error.error))
                row.append("reason", .string(error.reason))
                return row
            }
        }
        return .json(.array(rows), status: 201)
    }

    func bulkGet(from database: Database) throws -> SimulatedResponse {
        try allow(.post)
        guard let asked = try request.declaredJSON()["docs"]?.elements else {
            throw CouchFailure.badRequest("Missing JSON list of 'docs'.")
        }
        if flavour.bulkGetsAsNobody, SystemDatabase.isReplicator(database.name) || SystemDatabase.isUsers(database.name)
        {
            return SimulatedResponse(
                body: .stream { write in
                    try await write(Array(#"{"results": ["#.utf8))
                    throw Delivery.Broken()
                })
        }
        let options = documentOptions()
        let latest = query.flag("latest")
        let results = try asked.map { entry -> OrderedJSON in
            guard let id = entry["id"]?.string else {
                let error: OrderedJSON = [
                    "rev": .null, "reason": "document id missed", "id": .null, "error": "bad_request",
                ]
                return ["id": .null, "docs": [["error": error]]]
            }
            let revision = try entry["rev"]?.string.map(DocumentInput.revision)
            return ["id": .string(id), "docs": .array(bulkGet(id, revision, latest, options, database))]
        }
        return .json(["results": .array(results)])
    }

    private func bulkGet(
        _ id: String, _ revision: RevisionID?, _ latest: Bool, _ options: DocumentOptions, _ database: Database
    ) -> [OrderedJSON] {
        func missing(_ revision: String) -> OrderedJSON {
            ["error": ["rev": .string(revision), "reason": "missing", "id": .string(id), "error": "not_found"]]
        }
        let isHidden = has { if case .documentMissing(id) = $0 { true } else { false } }
        return database.read { content in
            guard let revision else {
                guard !isHidden, let winner = content.documents[id]?.tree.winner else { return [missing("undefined")] }
                return [["ok": content.json(id: id, revision: winner, options: options)]]
            }
            return content.open(id: id, revisions: [revision], latest: latest).map { entry in
                guard !isHidden, let found = entry.found else { return missing(entry.asked.description) }
                return ["ok": content.json(id: id, revision: found, options: options)]
            }
        }
    }

    func revisionsDifference(in database: Database) throws -> SimulatedResponse {
        try allow(.post)
        guard let asked = try request.declaredJSON().members else {
            throw CouchFailure.badRequest("Request body must be a JSON object")
        }
        var answer: [OrderedJSON.Member] = []
        for entry in asked {
            let revisions = try (entry.value.elements ?? []).map { try DocumentInput.revision($0.string ?? "") }
            let (missing, ancestors) = database.read { content in
                let tree = content.documents[entry.name]?.tree ?? RevisionTree()
                let missing = tree.missing(of: revisions)
                return (missing, tree.possibleAncestors(ofMissing: missing))
            }
            guard !missing.isEmpty else { continue }
            var row: OrderedJSON = ["missing": .array(missing.map { .string($0.description) })]
            if !ancestors.isEmpty {
                row.append("possible_ancestors", .array(ancestors.map { .string($0.description) }))
            }
            answer.append(OrderedJSON.Member(entry.name, row))
        }
        return .json(.object(answer))
    }

    func missingRevisions(in database: Database) throws -> SimulatedResponse {
        try allow(.post)
        var answer: [OrderedJSON.Member] = []
        for entry in try request.declaredJSON().members ?? [] {
            let revisions = try (entry.value.elements ?? []).map { try DocumentInput.revision($0.string ?? "") }
            let missing = database.read { ($0.documents[entry.name]?.tree ?? RevisionTree()).missing(of: revisions) }
            guard !missing.isEmpty else { continue }
            answer.append(OrderedJSON.Member(entry.name, .array(missing.map { .string($0.description) })))
        }
        return .json(["missing_revs": .object(answer)])
    }

    func purge(from database: Database) throws -> SimulatedResponse {
        try allow(.post)
        try requireServerAdmin()
        var answer: [OrderedJSON.Member] = []
        database.write { $0.sequence += 1 }
        for entry in try request.declaredJSON().members ?? [] {
            let revisions = try (entry.value.elements ?? []).map { try DocumentInput.revision($0.string ?? "") }
            let purged = database.write { $0.purge(entry.name, revisions) }
            answer.append(OrderedJSON.Member(entry.name, .array(purged.map { .string($0.description) })))
        }
        return .json(["purge_seq": .null, "purged": .object(answer)], status: 201)
    }
}
