/// What a request wants of a changes feed.
struct ChangesQuery: Sendable {
    enum Feed: String { case normal, longpoll, continuous }

    var feed = Feed.normal
    /// The position to start behind; nil for `now`.
    var since: Int? = 0
    var limit = Int.max
    var allLeaves = false
    var includeDocuments = false
    var conflicts = false
    var descending = false
    var interval = 1
    var heartbeat: Duration?
    var timeout: Duration = .seconds(60)
    var documentIDs: Set<String>?
    /// A fault: each row comes twice.
    var duplicatesRows = false

    init(_ parameters: QueryParameters, sequences: SequenceFormat) throws(CouchFailure) {
        if let text = parameters["feed"] {
            guard let feed = Feed(rawValue: text == "live" ? "continuous" : text) else {
                throw .badRequest("Supported `feed` types: normal, continuous, live, longpoll, eventsource")
            }
            self.feed = feed
        }
        if let text = parameters["since"] ?? parameters["last-event-id"] { since = try sequences.parse(text) }
        if let number = try parameters.number("limit") { limit = number }
        allLeaves = parameters["style"] == "all_docs"
        includeDocuments = parameters.flag("include_docs")
        conflicts = parameters.flag("conflicts")
        descending = parameters.flag("descending")
        interval = max(1, try parameters.number("seq_interval") ?? 1)
        if let text = parameters["heartbeat"], text != "false" {
            let milliseconds = text == "true" ? 60_000 : try parameters.number("heartbeat") ?? 60_000
            heartbeat = .milliseconds(min(max(1, milliseconds), 60_000))
        }
        if let milliseconds = try parameters.number("timeout") { timeout = .milliseconds(min(milliseconds, 60_000)) }
    }
}
