import CouchDB
import Foundation
import HTTPTypes
import Replication

/// Writes the rows of `_all_docs`, a page at a time.
struct DocumentListing: Sendable {
    /// So many rows are asked for in one page; more are read in one go.
    private static let pageSize = 5000
    private static let truthValues: Set = [
        "descending", "inclusive_end", "include_docs", "attachments", "att_encoding_info", "update_seq", "conflicts",
    ]
    /// So many keys are looked up together.
    private static let keysTogether = 500

    private enum Row {
        case document(DocumentID, winner: Leaf)
        /// A key that is no document's id.
        case missing(JSONValue)

        /// Whose document is in the row: that of a deleted one is null, as CouchDB has it.
        var listed: OrderedFetch.Item? {
            guard case .document(let id, let winner) = self, !winner.isDeleted else { return nil }
            return OrderedFetch.Item(id: id, revision: winner.revision)
        }
    }

    private var start: DocumentID?
    private var end: DocumentID?
    private var includesEnd = true
    /// Whether the list begins behind its last row: CouchDB compares the keys of this list as Erlang does, where all that is no
    /// string comes before every id.
    private var isBehindAll = false
    /// Whether such a key leaves no row.
    private var isEmpty = false
    private var isDescending = false
    private var limit: Int?
    private var skip = 0
    private var keys: [JSONValue]?
    private var hasUpdateSequence = false
    private var form: DocumentForm?
    private var hasConflicts = false

    init(_ request: ServedRequest) throws(EndpointFailure) {
        let query = try Self.parameters(request)
        isDescending = query.isTrue("descending")
        if let text = query["inclusive_end"] { includesEnd = text == "true" }
        limit = try query.number("limit")
        skip = try query.number("skip") ?? 0
        hasUpdateSequence = query.isTrue("update_seq")
        var first = try query.json(["startkey", "start_key"])
        var last = try query.json(["endkey", "end_key"])
        if let key = try query.json("key") { (first, last) = (key, key) }
        start = first?.string.map { DocumentID($0) }
        end = last?.string.map { DocumentID($0) }
        isBehindAll = isDescending && first != nil && start == nil
        isEmpty = isBehindAll || (!isDescending && last != nil && end == nil)
        if let list = try query.json("keys") {
            guard let array = list.array else { throw .badRequest("`keys` parameter must be an array.") }
            // As CouchDB does it (fabric_view_all_docs), `skip` and `limit` count from the other end then.
            keys = isDescending ? array.reversed() : array
        }
        if query.isTrue("include_docs") {
            form = try DocumentForm(listedBy: query)
            hasConflicts = query.isTrue("conflicts")
        }
    }

    /// What the URL says, and the body of a `POST` where the URL says nothing.
    private static func parameters(_ request: ServedRequest) throws(EndpointFailure) -> QueryParameters {
        var query = request.query
        if request.method == .post {
            guard let members = try request.json().object else {
                throw .badRequest("Request body must be a JSON object")
            }
            for (name, value) in members {
                // The keys of a body come before those of the URL.
                guard name == "keys" || query[name] == nil else { continue }
                let word = truthValues.contains(name) ? value.string : nil
                query[name] = word ?? String(decoding: value.serialized(), as: UTF8.self)
            }
        }
        try query.spellOut(truthValues)
        return query
    }

    func write(
        of database: ServedDatabase, as described: ReplicaDescription, to output: inout BodyOutput
    ) async throws {
        let total = described.documentCount
        // How many documents come before a key is not counted.
        let offset = keys == nil && start == nil ? "\(isBehindAll ? total : min(skip, total))" : "null"
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
            try await write(keys, of: database, isFirst: &isFirst, &output)
        } else if !isEmpty {
            try await writeRange(of: database, isFirst: &isFirst, &output)
        }
        try await output.write("\n]}\n")
    }

    private func write(
        _ keys: [JSONValue], of database: ServedDatabase, isFirst: inout Bool, _ output: inout BodyOutput
    ) async throws {
        let keys = Array(keys.dropFirst(skip).prefix(limit ?? .max))
        for start in stride(from: 0, to: keys.count, by: Self.keysTogether) {
            let part = keys[start..<min(start + Self.keysTogether, keys.count)]
            let ids = part.compactMap { $0.string.map { DocumentID($0) } }
            var leaves = try await database.replica.leaves(ofEach: ids)[...]
            var rows: [Row] = []
            for key in part {
                if let id = key.string, let winner = leaves.popFirst()?.first {
                    rows.append(.document(DocumentID(id), winner: winner))
                } else {
                    rows.append(.missing(key))
                }
            }
            try await write(rows, of: database, isFirst: &isFirst, &output)
        }
    }

    private func writeRange(
        of database: ServedDatabase, isFirst: inout Bool, _ output: inout BodyOutput
    ) async throws {
        var (toSkip, left) = (skip, limit ?? .max)
        func write(
            _ page: [DocumentWinner], _ isFirst: inout Bool, _ output: inout BodyOutput
        ) async throws -> Bool {
            var rows: [Row] = []
            var isAtEnd = false
            for document in page {
                isAtEnd = isBehindEnd(document.id) || toSkip == 0 && left == 0
                if isAtEnd { break }
                guard toSkip == 0 else {
                    toSkip -= 1
                    continue
                }
                left -= 1
                rows.append(.document(document.id, winner: Leaf(document.revision, isDeleted: false)))
            }
            try await self.write(rows, of: database, isFirst: &isFirst, &output)
            return !isAtEnd && left > 0
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
        _ rows: [Row], of database: ServedDatabase, isFirst: inout Bool, _ output: inout BodyOutput
    ) async throws {
        guard let form else {
            for row in rows { try await write(row, document: nil, isFirst: &isFirst, &output) }
            return
        }
        let documents = RowDocuments(database: database, form: form, hasConflicts: hasConflicts)
        try await documents.read(rows.map(\.listed)) { place, document in
            try await write(rows[place], document: document, isFirst: &isFirst, &output)
        }
    }

    private func write(
        _ row: Row, document: RenderedDocument?, isFirst: inout Bool, _ output: inout BodyOutput
    ) async throws {
        var text = JSONText()
        if !isFirst { text.append(",\n") }
        isFirst = false
        switch row {
        case .missing(let key):
            text.append("{\"key\":")
            if let id = key.string { text.append(string: id) } else { text.append(value: key) }
            text.append(",\"error\":\"not_found\"}")
            try await output.write(text.bytes)
        case .document(let id, let winner):
            text.append("{\"id\":")
            text.append(string: id.text)
            text.append(",\"key\":")
            text.append(string: id.text)
            text.append(",\"value\":{\"rev\":")
            text.append(string: winner.revision.description)
            text.append(winner.isDeleted ? ",\"deleted\":true}" : "}")
            if form != nil { text.append(",\"doc\":") }
            try await output.write(text.bytes)
            if let document {
                try await output.write(document)
            } else if form != nil {
                try await output.write("null")
            }
            try await output.write("}")
        }
    }
}
