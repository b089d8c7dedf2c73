/// One database of a server, which need not exist.
///
/// A value: it holds no state of its own.
public struct CouchDatabase: Sendable {
    /// The connection to its server.
    public let server: ServerConnection
    /// Its name, not escaped.
    public let name: String

    /// Names a database of a server.
    public init(server: ServerConnection, name: String) {
        self.server = server
        self.name = name
    }

    /// Its URL, without final slash and without credentials.
    public var url: String { server.url.databaseURL(name) }

    /// What the database says of itself.
    ///
    /// - Throws: ``CouchError``; code `not-found` where it does not exist, `not-couchdb` where a proxy changes its name.
    public func info() async throws -> DatabaseInfo {
        try await asking { try await server.read(.get, [name]) { try DatabaseInfo(answer: $0) } }
    }

    /// Whether the database exists.
    ///
    /// - Throws: ``CouchError`` where that is not known, as where a proxy changes its name.
    public func exists() async throws -> Bool {
        do {
            // Not HEAD: without a body, CouchDB's 404 can't be told from that of any other web server.
            _ = try await asking { try await server.json(.get, [name]) }
            return true
        } catch let error as CouchError where error.isDatabaseMissing {
            return false
        }
    }

    /// Asks the database itself, and tells one that is missing from one whose name a proxy has changed.
    func asking<Result>(_ ask: () async throws -> Result) async throws -> Result {
        do {
            return try await ask()
        } catch let error as CouchError where error.code == .notFound {
            throw try await server.explained(error, naming: name)
        }
    }

    /// Creates the database.
    ///
    /// - Parameters:
    ///   - q: the number of shards, the server's default where nil.
    ///   - n: the number of copies of each shard, the server's default where nil.
    /// - Throws: ``CouchError``; code `precondition-failed` where it exists already.
    public func create(q: Int? = nil, n: Int? = nil, isPartitioned: Bool = false) async throws {
        var query: [String: String] = [:]
        query["q"] = q.map { String($0) }
        query["n"] = n.map { String($0) }
        if isPartitioned { query["partitioned"] = "true" }
        _ = try await server.json(.put, [name], query: query)
    }

    /// Deletes the database with all its documents.
    ///
    /// - Throws: ``CouchError``; code `not-found` where it does not exist.
    public func delete() async throws { _ = try await server.json(.delete, [name]) }

    /// The security object: who may read and administrate.
    public func security() async throws -> JSONValue {
        try await asking { try await server.json(.get, [name, "_security"]) }
    }

    /// Replaces the security object.
    ///
    /// Needs an admin of the database or the server.
    public func setSecurity(_ security: JSONValue) async throws {
        _ = try await server.json(.put, [name, "_security"], body: security, isIdempotent: true)
    }

    /// How many revisions of a document's history are kept.
    public func revisionsLimit() async throws -> Int {
        try await server.read(.get, [name, "_revs_limit"]) { answer in
            guard let limit = answer.integer else { throw CouchError(.malformedAnswer, "_revs_limit is not a number") }
            return limit
        }
    }

    /// Changes how many revisions of a document's history are kept.
    ///
    /// - Throws: ``CouchError``; code `forbidden` where the account is no administrator of the database, of which 3.5.0 makes
    ///   a failure of its own (status 500, `{badmatch,{error,{forbidden,…}}}`).
    public func setRevisionsLimit(_ limit: Int) async throws {
        do {
            _ = try await server.json(.put, [name, "_revs_limit"], body: .integer(Int64(limit)), isIdempotent: true)
        } catch let error as CouchError where error.status == 500 && (error.reason ?? "").contains("forbidden") {
            throw CouchError(
                .forbidden, "only an administrator of the database may set _revs_limit: log in as one", status: 403)
        }
    }

    /// Asks the server to write what it has acknowledged to its disk, and returns `instance_start_time`.
    ///
    /// From 3.0 on every acknowledged write is on the disk already, and this only tells the database's identity.
    public func ensureFullCommit() async throws -> String? {
        let answer = try await server.json(
            .post, [name, "_ensure_full_commit"], body: .object([:]), isIdempotent: true)
        return answer["instance_start_time"]?.string
    }

    /// Returns when no power cut can take back any more what the server has acknowledged; asks only servers that may delay it.
    ///
    /// - Throws: ``CouchError``; the call may be repeated.
    public func commitDelayed() async throws {
        guard try await server.latestInfo().mayDelayCommits else { return }
        _ = try await ensureFullCommit()
    }

    /// Removes revisions as if they had never been, leaf revisions only; a purge is not replicated.
    ///
    /// - Returns: what was purged, by document.
    public func purge(_ revisions: [String: [String]]) async throws -> [String: [String]] {
        let body = JSONValue.object(revisions.mapValues { .array($0.map { .string($0) }) })
        let answer = try await server.json(.post, [name, "_purge"], body: body, isIdempotent: true)
        return (answer["purged"]?.object ?? [:]).mapValues { ($0.array ?? []).compactMap(\.string) }
    }

    /// What the database remembers to have purged, by document: the newest thousand of each shard unless configured
    /// otherwise (CouchDB 3.4 and later).
    ///
    /// - Throws: ``CouchError``; code `not-found` where the server has no such list.
    public func purgedRevisions() async throws -> [(id: String, revisions: [RevisionID])] {
        let answer = try await server.json(.get, [name, "_purged_infos"])
        return (answer["purged_infos"]?.array ?? []).compactMap { entry in
            entry["id"]?.string.map { id in
                (id, (entry["revs"]?.array ?? []).compactMap { $0.string.flatMap { RevisionID($0) } })
            }
        }
    }
}
