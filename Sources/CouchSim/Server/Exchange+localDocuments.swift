import CouchDB
import HTTPTypes

extension Exchange {
    /// Answers `/{db}/_local/{id}`.
    func localDocument(_ id: String, of database: Database) throws -> SimulatedResponse {
        switch request.method {
        case .get, .head:
            guard let document = database.read({ $0.localDocuments[id] }) else { throw CouchFailure.missing }
            return .json(document.json(id: id))
        case .put: return try putLocalDocument(id, to: database)
        case .delete:
            guard database.write({ $0.localDocuments.removeValue(forKey: id) }) != nil else {
                throw CouchFailure.missing
            }
            return .json(["ok": true, "id": .string(id), "rev": "0-0"])
        default: throw CouchFailure.methodNotAllowed("DELETE,GET,HEAD,PUT")
        }
    }

    /// Writes a local document; from 2.0 on the last write wins.
    ///
    /// The new revision is the given one's successor, whatever is there. 1.x refuses a write that doesn't name the present
    /// revision.
    private func putLocalDocument(_ id: String, to database: Database) throws -> SimulatedResponse {
        let input = try DocumentInput(try request.json())
        let given = try query["rev"].map(DocumentInput.revision) ?? input.revision
        let number = given.flatMap { Int($0.hash) } ?? 0
        let document = LocalDocument(generation: number + 1, members: input.text)
        try database.write { content throws(CouchFailure) in
            let present = content.localDocuments[id]?.generation ?? 0
            guard !flavour.isSingleNode || present == number else { throw .conflict }
            content.localDocuments[id] = document
        }
        return .json(["ok": true, "id": .string(id), "rev": .string(document.revision)], status: 201)
    }

    func localDocuments(of database: Database) throws -> SimulatedResponse {
        try allow(.get, .head, .post)
        let withDocuments = query.flag("include_docs")
        let rows = database.read { content in
            content.localDocuments.sorted { $0.key < $1.key }.map { id, document in
                var row: OrderedJSON = [
                    "id": .string(id), "key": .string(id), "value": ["rev": .string(document.revision)],
                ]
                if withDocuments { row.append("doc", document.json(id: id)) }
                return row
            }
        }
        return .json(["total_rows": .null, "offset": .null, "rows": .array(rows)])
    }
}
