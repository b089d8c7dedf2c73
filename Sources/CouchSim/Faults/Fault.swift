import HTTPTypes

/// Something that goes wrong with some of a server's answers.
package struct Fault: Sendable {
    /// What goes wrong.
    package enum Effect: Sendable {
        /// The connection is closed without an answer.
        case hangUp
        /// The connection is closed after so many bytes of the answer's body.
        case cut(afterBytes: Int)
        /// Nothing more comes after so many bytes of the answer's body, but the connection stays open.
        case stall(afterBytes: Int)
        /// The body comes in pieces, with a pause before each.
        case drip(bytes: Int, every: Duration)
        /// An error answer in CouchDB's form.
        case failure(status: Int, error: String, reason: String)
        /// 429 with `Retry-After` in seconds.
        case tooManyRequests(retryAfter: Int)
        /// What a proxy puts in CouchDB's place: HTML, with any status.
        case page(String, status: Int)
        /// A proxy decodes the path, so that a slash in a name parts it.
        case decodedPath
        /// What was written is acknowledged with 202 in the place of 201: too few copies of a shard have it.
        case accepted
        /// Each row of a changes feed comes twice.
        case duplicateRows
        /// A changes feed starts at the beginning, whatever was asked for.
        case rewind
        /// A copy of the shards answers that has not caught up since: changes feeds and `_revs_diff` know nothing newer. What
        /// asks for revisions waits for the other copies too.
        case olderCopy(DatabaseSnapshot)
        /// `pending` of changes feeds, and `changes_pending` of jobs, is null.
        case pendingUnknown
        /// `_scheduler/jobs`, `_scheduler/docs` and `_active_tasks` list nothing.
        case hideJobs
        /// A replication document is not shown in the scheduler's list, and has state null by itself.
        case stateUnknown(documentID: String)
        /// A document is in the changes feed and in `_all_docs`, but can't be read.
        case documentMissing(id: String)
        /// `_dbs_info` calls a database not found, as CouchDB does of one that can't be opened now.
        case databaseNotFound(name: String)
    }

    /// What goes wrong.
    package var effect: Effect
    /// Only for requests of this method.
    package var method: String?
    /// Only for paths (with their query, undecoded) that begin so.
    package var pathPrefix: String?
    /// Only for paths (with their query, undecoded) that contain this.
    package var pathContains: String?
    /// Only for this database.
    package var database: String?
    /// How many requests that match pass before it strikes.
    package var after: Int
    /// How many requests it strikes; nil for all until it is removed.
    package var count: Int?

    /// Makes a fault for all requests that match.
    package init(
        _ effect: Effect, method: String? = nil, pathPrefix: String? = nil, pathContains: String? = nil,
        database: String? = nil, after: Int = 0, count: Int? = nil
    ) {
        self.effect = effect
        self.method = method
        self.pathPrefix = pathPrefix
        self.pathContains = pathContains
        self.database = database
        self.after = after
        self.count = count
    }

    /// 500 with a reason that Erlang might give.
    package static let serverError = Effect.failure(
        status: 500, error: "unknown_error", reason: "{badmatch,{error,emfile}}")

    func matches(_ request: SimulatedRequest) -> Bool {
        if let method, request.method.rawValue != method { return false }
        if let pathPrefix, !request.target.hasPrefix(pathPrefix) { return false }
        if let pathContains, !request.target.contains(pathContains) { return false }
        if let database, request.path.first != database { return false }
        return true
    }
}
