import CouchDB
import Foundation
import HTTPTypes
import Replication

/// Writes the rows of `_all_docs`, a page at a time.
struct DocumentListing: Sendable {
    /// So many rows are asked for in one page; more are read in one go.
    private static let pageSize = 5000

    private var start: DocumentID?
    private var end: DocumentID?
    private var includesEnd = true
    private var isDescending = false
    private var limit: Int?
    private var skip = 0
    private var keys: [DocumentID]?
    private var hasUpdateSequence = false
    private var form: DocumentForm?
    private var hasConflicts = false

    init(_ request: ServedRequest) throws(EndpointFailure) {
        let query = try Self.parameters(request)
        isDescending = try query.flag("descending")
        if let text = query["inclusive_end"] { includesEnd = text != "false" }
        limit = try query.number("limit")
        skip = try query.number("skip") ?? 0
        hasUpdateSequence = try query.flag("update_seq")
        start = try Self.key(try query.json(["startkey", "start_key"]))
        end = try Self.key(try query.json(["endkey", "end_key"]))
        if let key = try Self.key(try query.json("key")) { (start, end, includesEnd) = (key, key, true) }
        if let list = try query.json("keys") {
            guard let array = list.array else { throw .badRequest("`keys` parameter must be an array.") }
            var ids: [DocumentID] = []
            for value in array {
                if let id = try Self.key(value) { ids.append(id) }
            }
            // As CouchDB does it (fabric_view_all_docs), `skip` and `limit` count from the other end then.
            if isDescending { ids.reverse() }
            keys = ids
        }
        if try query.flag("include_docs") {
            form = try DocumentForm(listedBy: query)
            hasConflicts = try query.flag("conflicts")
        }
    }

    /// What the URL says, and the body of a `POST` where the URL says nothing.
    private static func parameters(_ request: ServedRequest) throws(EndpointFailure) -> QueryParameters {
        var query = request.query
        guard request.method == .post else { return query }
        guard let members = try request.json().object else {
            throw .badRequest("Request body must be a JSON object")
        }
        for (name, value) in members {
            // The keys of a body come before those of the URL.
            guard name == "keys" || query[name] == nil else { continue }
            query[name] = String(decoding: value.serialized(), as: UTF8.self)
        }
        return query
    }

    private static func key(_ value: JSONValue?) throws(EndpointFailure) -> DocumentID? {
        guard let value else { return nil }
        guard let text = value.string else { throw .badRequest("a key of _all_docs must be a string") }
        return DocumentID(text)
    }

    func write(
        of database: ServedDatabase, as described: ReplicaDescription, to output: inout BodyOutput
    ) async throws {
        let total = described.documentCount
        // How many documents come before a key is not counted.
        let offset = keys == nil && start == nil ? "\(min(skip, total))" : "null"
        var head = JSONText("{\"total_rows\":")
        head.append(total)
        head.append(",\"offset\":")
        head.append(json: Data(offset.utf8))
        if hasUpdateSequence {
            head.append(",\"update_seq\":")
            // For keys that are named CouchDB tells none.
            head.append(value: keys == nil ? described.updateSequence.value : .null)
        }
        head.append(",\"rows\":[\n")
        try await output.write(head.bytes)
        var isFirst = true
        if let keys {
            for id in keys.dropFirst(skip).prefix(limit ?? .max) {
                let leaf = try await database.replica.leaves(of: id).first
                try await write(id, leaf: leaf, of: database, isFirst: &isFirst, &output)
            }
        } else {
            try await writeRange(of: database, isFirst: &isFirst, &output)
        }
        try await output.write("\n]}\n")
    }

    private func writeRange(
        of database: ServedDatabase, isFirst: inout Bool, _ output: inout BodyOutput
    ) async throws {
        var (toSkip, left) = (skip, limit ?? .max)
        func write(_ rows: [DocumentWinner], _ isFirst: inout Bool, _ output: inout BodyOutput) async throws -> Bool {
            for row in rows {
                if isBehindEnd(row.id) { return false }
                guard toSkip == 0 else {
                    toSkip -= 1
                    continue
                }
                guard left > 0 else { return false }
                left -= 1
                try await self.write(
                    row.id, leaf: Leaf(row.revision, isDeleted: false), of: database, isFirst: &isFirst, &output)
            }
            return left > 0
        }
        guard left > 0 else { return }
        if toSkip < Self.pageSize, left < Self.pageSize {
            let page = try await database.replica.documents(from: start, descending: isDescending, limit: toSkip + left)
            _ = try await write(page, &isFirst, &output)
        } else {
            try await database.replica.readDocuments(from: start, descending: isDescending) {
                try await write($0, &isFirst, &output)
            }
        }
    }

    private func isBehindEnd(_ id: DocumentID) -> Bool {
        guard let end else { return false }
        if id == end { return !includesEnd }
        return isDescending ? id < end : end < id
    }

    private func write(
        _ id: DocumentID, leaf: Leaf?, of database: ServedDatabase, isFirst: inout Bool, _ output: inout BodyOutput
    ) async throws {
        var text = JSONText()
        if !isFirst { text.append(",\n") }
        isFirst = false
        guard let leaf else {
            text.append("{\"key\":")
            text.append(string: id.text)
            text.append(",\"error\":\"not_found\"}")
            return try await output.write(text.bytes)
        }
        text.append("{\"id\":")
        text.append(string: id.text)
        text.append(",\"key\":")
        text.append(string: id.text)
        text.append(",\"value\":{\"rev\":")
        text.append(string: leaf.revision.description)
        text.append(leaf.isDeleted ? ",\"deleted\":true}" : "}")
        guard let form else {
            text.append("}")
            return try await output.write(text.bytes)
        }
        text.append(",\"doc\":")
        try await output.write(text.bytes)
        // The document of a deleted row is null, as CouchDB has it.
        if !leaf.isDeleted, let revision = try await database.fetch.revisions(id, leaf.revision).first {
            var extras: [JSONText] = []
            if hasConflicts {
                extras = DocumentExtras(conflicts: true).members(
                    winner: leaf.revision, path: revision.path, leaves: try await database.replica.leaves(of: id))
            }
            try await output.write(try RenderedDocument(revision, form: form, extras: extras))
        } else {
            try await output.write("null")
        }
        try await output.write("}")
    }
}
