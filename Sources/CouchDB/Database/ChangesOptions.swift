/// What a changes feed is asked for.
public struct ChangesOptions: Sendable, Hashable {
    /// When the feed ends.
    public enum Mode: String, Sendable, Hashable {
        /// After the newest change.
        case normal
        /// After the newest change, but not before there is one.
        case longpoll
        /// Never, as long as the server lives.
        case continuous
    }

    /// When the feed ends.
    public var mode: Mode
    /// The position behind which the feed begins.
    public var since: UpdateSequence
    /// The largest number of rows.
    public var limit: Int?
    /// Only each n-th row is given a sequence, which makes a clustered server much faster (2.0 and later).
    public var sequenceInterval: Int?
    /// Whether the newest change comes first; then ``since`` says nothing.
    public var isDescending: Bool
    /// Whether rows hold all leaf revisions rather than the winner alone.
    public var allLeaves: Bool
    /// Whether rows hold the winner's document.
    public var includeDocuments: Bool
    /// The ids of the only documents that are wanted; all where nil.
    public var documentIDs: [String]?
    /// How long a longpoll or continuous feed waits for a change until it ends by itself; for ever where nil.
    ///
    /// The server sends nothing meanwhile, so it must be shorter than ``ConnectionConfiguration/readTimeout``. Where it is
    /// nil, the server sends heartbeats.
    public var patience: Duration?

    /// Makes options; by default for one pass over all changes with all leaf revisions.
    public init(
        mode: Mode = .normal, since: UpdateSequence = .zero, limit: Int? = nil, sequenceInterval: Int? = nil,
        isDescending: Bool = false, allLeaves: Bool = true, includeDocuments: Bool = false,
        documentIDs: [String]? = nil,
        patience: Duration? = nil
    ) {
        self.mode = mode
        self.since = since
        self.limit = limit
        self.sequenceInterval = sequenceInterval
        self.isDescending = isDescending
        self.allLeaves = allLeaves
        self.includeDocuments = includeDocuments
        self.documentIDs = documentIDs
        self.patience = patience
    }

    /// The query of the request.
    ///
    /// - Parameter readTimeout: the longest silence that the connection allows; heartbeats come three times as often.
    func query(readTimeout: Duration) -> [String: String] {
        var query = ["feed": mode.rawValue, "since": since.parameter]
        if isDescending { query["descending"] = "true" }
        if allLeaves { query["style"] = "all_docs" }
        if includeDocuments { query["include_docs"] = "true" }
        if documentIDs != nil { query["filter"] = "_doc_ids" }
        query["limit"] = limit.map { String($0) }
        query["seq_interval"] = sequenceInterval.map { String($0) }
        if mode != .normal {
            if let patience {
                query["timeout"] = String(patience.milliseconds)
            } else {
                // A server's own limit is 60 s (couch_changes.erl).
                query["heartbeat"] = String(max(1, min(readTimeout / 3, .seconds(30)).milliseconds))
            }
        }
        return query
    }
}

extension Duration {
    /// Whole milliseconds, rounded down.
    fileprivate var milliseconds: Int64 {
        components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000
    }
}
