import Foundation

/// One row of `_scheduler/docs` (2.1 and later): a replication document and what became of it.
public struct SchedulerDocument: Sendable, Hashable {
    /// The `_replicator` database.
    public var database: String
    /// The replication document's id.
    public var documentID: String
    /// The replication id; nil where the document is not (or no more) a job.
    public var id: ReplicationID?
    /// The state; nil where no node has picked the document up (apache/couchdb#1002, #5185).
    public var state: ReplicationState?
    /// The source URL as shown by the server.
    public var source: String?
    /// The target URL as shown by the server.
    public var target: String?
    /// Crashes one after another in short runs; a job that crashes every three minutes shows 0 or 1 here.
    public var errorCount: Int
    /// The error, for `crashing`, `error` and `failed`.
    public var errorText: String?
    /// The counters, where the server tells them.
    public var statistics: ReplicationStatistics?
    /// The node that has it in hand.
    public var node: String?
    /// When the state changed.
    public var lastUpdated: Date?
    /// When the document was first seen.
    public var startTime: Date?

    /// Makes a row.
    public init(
        database: String, documentID: String, id: ReplicationID?, state: ReplicationState?, source: String? = nil,
        target: String? = nil, errorCount: Int = 0, errorText: String? = nil, statistics: ReplicationStatistics? = nil,
        node: String? = nil, lastUpdated: Date? = nil, startTime: Date? = nil
    ) {
        self.database = database
        self.documentID = documentID
        self.id = id
        self.state = state
        self.source = source
        self.target = target
        self.errorCount = errorCount
        self.errorText = errorText
        self.statistics = statistics
        self.node = node
        self.lastUpdated = lastUpdated
        self.startTime = startTime
    }

    /// Reads one row of the list, or the answer for one document.
    ///
    /// - Throws: ``CouchError`` with code `malformed-answer` where the document's id is missing.
    public init(answer: JSONValue) throws {
        guard let documentID = answer["doc_id"]?.string else {
            throw CouchError(.malformedAnswer, "a row of _scheduler/docs has no doc_id")
        }
        let info = answer["info"]
        // 2.1 to 2.3 put the error there as a plain string.
        let errorText = info?.string ?? info?["error"]?.reasonText
        self.init(
            database: answer["database"]?.string ?? "_replicator", documentID: documentID,
            id: answer["id"]?.string.map(ReplicationID.init),
            state: answer["state"]?.string.map(ReplicationState.init(rawValue:)),
            source: answer["source"]?.string, target: answer["target"]?.string,
            errorCount: answer["error_count"]?.integer ?? 0, errorText: errorText,
            statistics: ReplicationStatistics(answer: info), node: answer["node"]?.string,
            lastUpdated: answer["last_updated"]?.string.flatMap(Date.init(couchDB:)),
            startTime: answer["start_time"]?.string.flatMap(Date.init(couchDB:)))
    }
}
