import CouchDB
import HTTPTypes

extension Exchange {
    func allDocuments(of database: Database) throws -> SimulatedResponse {
        try allow(.get, .head, .post)
        let ids = database.read { $0.sortedIDs() }
        return try list(ids, among: ids, of: database)
    }

    func designDocuments(of database: Database) throws -> SimulatedResponse {
        try allow(.get, .head, .post)
        let ids = database.read { $0.sortedIDs() }
        return try list(ids.filter { $0.hasPrefix("_design/") }, among: ids, of: database)
    }

    private func list(_ ids: [String], among all: [String], of database: Database) throws -> SimulatedResponse {
        let body = request.method == .post ? try request.declaredJSON() : [:]
        func parameter(_ names: String...) throws -> OrderedJSON? {
            for name in names { if let value = try body[name] ?? query.json(name) { return value } }
            return nil
        }
        let options = documentOptions()
        let withDocuments = try parameter("include_docs")?.bool ?? false
        let total = OrderedJSON.integer(ids.count)
        if let keys = try parameter("keys")?.elements {
            let rows = database.read { content in
                keys.map { Self.row(key: $0, in: content, options: withDocuments ? options : nil) }
            }
            return .json(["total_rows": total, "offset": .null, "rows": .array(rows)])
        }
        let key = try parameter("key")?.string
        var lower = try key ?? parameter("startkey", "start_key")?.string
        var upper = try key ?? parameter("endkey", "end_key")?.string
        let isDescending = try parameter("descending")?.bool ?? false
        if isDescending { swap(&lower, &upper) }
        let includesEnd = try parameter("inclusive_end")?.bool ?? true
        var selected = ids.filter { id in
            if let lower, id.utf8.lexicographicallyPrecedes(lower.utf8) { return false }
            if let upper, upper.utf8.lexicographicallyPrecedes(id.utf8) { return false }
            return includesEnd || id != (isDescending ? lower : upper)
        }
        if isDescending { selected.reverse() }
        let skip = try parameter("skip")?.integer ?? 0
        let first = selected.first.flatMap { id in all.firstIndex(of: id) } ?? all.count
        let offset = (isDescending ? all.count - 1 - first : first) + skip
        let page = selected.dropFirst(skip).prefix(try parameter("limit")?.integer ?? .max)
        let rows = database.read { content in
            page.map { Self.row(key: .string($0), in: content, options: withDocuments ? options : nil) }
        }
        return .json(["total_rows": total, "offset": .integer(max(0, offset)), "rows": .array(rows)])
    }

    private static func row(key: OrderedJSON, in content: DatabaseState, options: DocumentOptions?) -> OrderedJSON {
        guard let id = key.string, let winner = content.documents[id]?.tree.winner else {
            return ["key": key, "error": "not_found"]
        }
        var value: OrderedJSON = ["rev": .string(winner.id.description)]
        if winner.isDeleted { value.append("deleted", true) }
        var row: OrderedJSON = ["id": key, "key": key, "value": value]
        if let options {
            row.append("doc", winner.isDeleted ? .null : content.json(id: id, revision: winner, options: options))
        }
        return row
    }
}
