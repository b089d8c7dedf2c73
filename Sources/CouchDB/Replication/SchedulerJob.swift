import Foundation

/// One row of `_scheduler/jobs` (2.1 and later): a replication that the scheduler has in hand.
public struct SchedulerJob: Sendable, Hashable {
    /// What happened to a job, newest first; the server keeps twenty.
    public struct Event: Sendable, Hashable {
        /// When.
        public var at: Date
        /// `added`, `started`, `stopped` or `crashed`.
        public var kind: String
        /// Why, for `crashed`.
        public var reason: String?

        /// Makes an event.
        public init(at: Date, kind: String, reason: String? = nil) {
            self.at = at
            self.kind = kind
            self.reason = reason
        }
    }

    /// The replication id.
    public var id: ReplicationID
    /// The `_replicator` database that holds the document; nil for a transient job.
    public var database: String?
    /// The replication document's id; nil for a transient job.
    public var documentID: String?
    /// The source URL as shown by the server: without user information, with a final slash.
    public var source: String
    /// The target URL, shown likewise.
    public var target: String
    /// The user who started a transient job.
    public var user: String?
    /// Whether a process is alive.
    public var isRunning: Bool
    /// The counters (3.0 and later), nil before the first ones.
    public var statistics: ReplicationStatistics?
    /// What happened to it, newest first.
    public var history: [Event]
    /// The node that runs it.
    public var node: String?
    /// When the job was added, not when it last started.
    public var startTime: Date?

    /// Makes a row.
    public init(
        id: ReplicationID, database: String?, documentID: String?, source: String, target: String, user: String? = nil,
        isRunning: Bool, statistics: ReplicationStatistics? = nil, history: [Event] = [], node: String? = nil,
        startTime: Date? = nil
    ) {
        self.id = id
        self.database = database
        self.documentID = documentID
        self.source = source
        self.target = target
        self.user = user
        self.isRunning = isRunning
        self.statistics = statistics
        self.history = history
        self.node = node
        self.startTime = startTime
    }

    /// Reads one row.
    ///
    /// - Throws: ``CouchError`` with code `malformed-answer` where the id is missing.
    public init(answer: JSONValue) throws {
        guard let id = answer["id"]?.string else {
            throw CouchError(.malformedAnswer, "a row of _scheduler/jobs has no id")
        }
        self.init(
            id: ReplicationID(id), database: answer["database"]?.string, documentID: answer["doc_id"]?.string,
            source: answer["source"]?.string ?? "", target: answer["target"]?.string ?? "",
            user: answer["user"]?.string, isRunning: answer["pid"]?.string != nil,
            statistics: ReplicationStatistics(answer: answer["info"]),
            history: (answer["history"]?.array ?? []).compactMap { event in
                guard let at = event["timestamp"]?.string.flatMap(Date.init(couchDB:)), let kind = event["type"]?.string
                else { return nil }
                return Event(at: at, kind: kind, reason: event["reason"]?.reasonText)
            },
            node: answer["node"]?.string, startTime: answer["start_time"]?.string.flatMap(Date.init(couchDB:)))
    }

    /// Whether the job was started with `POST /_replicate` and dies with the server.
    public var isTransient: Bool { documentID == nil }

    /// The state that `_scheduler/docs` would show: `running`, `crashing` or `pending`.
    ///
    /// `_scheduler/jobs` has no state field; this is how `couch_replicator_scheduler.erl` derives it.
    public var state: ReplicationState {
        if isRunning { return .running }
        return history.first?.kind == "crashed" ? .crashing : .pending
    }

    /// How often the job crashed since a moment, counted from the events that the server still keeps.
    public func crashes(since moment: Date) -> Int {
        history.count { $0.kind == "crashed" && $0.at >= moment }
    }

    /// The newest crash.
    public var lastCrash: Event? { history.first { $0.kind == "crashed" } }
}

extension JSONValue {
    /// A crash reason: a text, or a JSON term printed as one.
    var reasonText: String {
        string ?? String(decoding: serialized(), as: UTF8.self)
    }
}
