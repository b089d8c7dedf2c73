import CouchDB
import HTTPTypes
import Replication

/// What is answered below the name of one database.
struct DatabaseEndpoint: Sendable {
    var database: ServedDatabase
    var request: ServedRequest
    /// The parts of the path behind the database's name.
    var parts: [String]
    var localDocuments: any LocalDocumentStore

    var replica: any ServableReplica { database.replica }
    var query: QueryParameters { request.query }

    func response() async throws -> ServedResponse {
        guard let first = parts.first else { return try await root() }
        switch first {
        case "_changes" where parts.count == 1: return try await changes()
        case "_bulk_get" where parts.count == 1: return try bulkGet()
        case "_all_docs" where parts.count == 1: return try await allDocuments()
        case "_revs_diff" where parts.count == 1: return try await revisionsDifference()
        case "_ensure_full_commit" where parts.count == 1: return try await commit()
        case "_bulk_docs" where parts.count == 1: return try await bulkDocuments()
        case "_security" where parts.count == 1: return try await security()
        case "_revs_limit" where parts.count == 1: return try await revisionsLimit()
        case "_local": return try await localDocument(parts.dropFirst())
        case "_design": return try await designDocument(parts.dropFirst())
        case "_index" where request.method != .get && request.method != .head: throw EndpointFailure.readOnly
        case "_find", "_explain", "_index": throw EndpointFailure.notServed(first)
        case "_bulk_docs", "_purge", "_compact", "_view_cleanup": throw EndpointFailure.readOnly
        default: break
        }
        if first.hasPrefix("_local/") {
            return try await localDocument([String(first.dropFirst("_local/".utf8.count))] + parts.dropFirst())
        }
        if first.hasPrefix("_design/") {
            return try await designDocument([String(first.dropFirst("_design/".utf8.count))] + parts.dropFirst())
        }
        guard !first.hasPrefix("_") else { throw EndpointFailure.missing }
        return try await document(DocumentID(first), attachment: parts.dropFirst())
    }

    private func root() async throws -> ServedResponse {
        switch request.method {
        case .get, .head: return .json(try await database.info())
        case .put:
            throw EndpointFailure(
                412, "file_exists", "The database could not be created, the file already exists.")
        case .post, .delete: throw EndpointFailure.readOnly
        default: throw EndpointFailure.methodNotAllowed([.get, .head])
        }
    }

    private func designDocument(_ rest: ArraySlice<String>) async throws -> ServedResponse {
        guard let name = rest.first else { throw EndpointFailure.missing }
        let inner = rest.dropFirst()
        if let function = inner.first, function.hasPrefix("_") { throw EndpointFailure.notServed(function) }
        return try await document(DocumentID("_design/\(name)"), attachment: inner)
    }

    private func commit() async throws -> ServedResponse {
        try request.allow(.post)
        try request.requireJSONType()
        return .json(
            ["ok": true, "instance_start_time": .string(try await database.instanceStartTime())], status: 201)
    }

    private func security() async throws -> ServedResponse {
        guard request.method != .put else { throw EndpointFailure.readOnly }
        try request.allow(.get, .head)
        return .json(bytes: try await replica.settings().security)
    }

    private func revisionsLimit() async throws -> ServedResponse {
        guard request.method != .put else { throw EndpointFailure.readOnly }
        try request.allow(.get, .head)
        return .json(.integer(Int64(try await replica.settings().revisionsLimit)))
    }

    private func changes() async throws -> ServedResponse {
        try request.allow(.get, .head, .post)
        if request.method == .post { try request.requireJSONType() }
        let query = try ChangesQuery(request)
        let start: UpdateSequence =
            if let since = query.since { since } else { try await replica.describe().updateSequence }
        // The first page is read before the answer begins, so that a position that is none is told as an error.
        let first = try await firstRows(query, since: start)
        let database = database
        return .stream(contentType: query.mode == .eventSource ? "text/event-stream" : "application/json") { output in
            var feed = ChangesFeed(database, query: query, start: start)
            try await feed.send(to: &output, first: first)
        }
    }

    private func firstRows(_ query: ChangesQuery, since start: UpdateSequence) async throws -> ChangeRows {
        // Some documents of many are looked up: to read all rows for them can take longer than the client waits.
        if let ids = query.documentIDs {
            return try await replica.changeRows(of: ids, since: start, limit: query.limit ?? .max)
        }
        return try await replica.changeRows(
            since: start, limit: ChangesFeed.pageSize(limit: query.limit), patience: nil)
    }
}
