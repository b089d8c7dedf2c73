import CouchDB
import Foundation
import HTTPTypes
import Replication

/// What a client asks a changes feed for.
struct ChangesQuery: Sendable {
    enum Mode: Sendable, Hashable {
        case normal, longpoll, continuous
        /// As continuous, in the form of server-sent events.
        case eventSource
    }

    /// CouchDB's `[chttpd] changes_timeout`, which also bounds what clients ask for.
    private static let longestWait = Duration.seconds(60)

    var mode = Mode.normal
    /// Where to begin; nil for the newest change.
    var since: UpdateSequence?
    var limit: Int?
    /// `style=all_docs`: with all leaves, not just the winner.
    var hasAllLeaves = false
    /// Only each so-manieth row tells its position.
    var sequenceInterval = 1
    /// How long to wait for a change before an empty line says that the server is still there.
    var heartbeat: Duration?
    /// How long to wait for a change before the feed ends, where no heartbeat is asked for.
    var timeout = longestWait
    /// With the winners' documents.
    var form: DocumentForm?
    var hasConflicts = false
    /// Only these documents.
    var documentIDs: Set<DocumentID>?
    var designDocumentsOnly = false

    init(_ request: ServedRequest) throws(EndpointFailure) {
        let query = request.query
        switch query["feed"] {
        case nil, "normal": mode = .normal
        case "longpoll": mode = .longpoll
        case "continuous", "live": mode = .continuous
        case "eventsource": mode = .eventSource
        case .some(let feed): throw .badRequest("The feed \"\(feed.prefix(80))\" is not served.")
        }
        guard !query.isTrue("descending") else { throw .badRequest("A descending feed is not served.") }
        since = Self.since(lastEvent(request) ?? query["last-event-id"] ?? query["since"] ?? "0")
        limit = try query.number("limit")
        hasAllLeaves = query["style"] == "all_docs"
        sequenceInterval = max(1, try query.number("seq_interval") ?? 1)
        if let text = query["heartbeat"], text != "false" {
            let asked = text == "true" ? nil : try query.number("heartbeat").map(Duration.milliseconds)
            heartbeat = min(max(asked ?? Self.longestWait, .milliseconds(1)), Self.longestWait)
        }
        if let asked = try query.number("timeout") { timeout = min(.milliseconds(asked), Self.longestWait) }
        if query.isTrue("include_docs") {
            form = try DocumentForm(listedBy: query)
            hasConflicts = query.isTrue("conflicts")
        }
        try readFilter(request)
    }

    /// Where a browser goes on that has lost its connection.
    private func lastEvent(_ request: ServedRequest) -> String? {
        guard mode == .eventSource else { return nil }
        return request.headers.first { $0.name.canonicalName == "last-event-id" }?.value
    }

    /// Reads `since`: a number, a text, or either as JSON.
    static func since(_ text: String) -> UpdateSequence? {
        if text == "now" || text == "\"now\"" { return nil }
        if text.hasPrefix("\"") || text.hasPrefix("["), let value = try? JSONValue(parsing: Data(text.utf8)) {
            // What isn't JSON is taken as the text that it is, and the replica says whether it knows it.
            return UpdateSequence(value)
        }
        return UpdateSequence(Int64(text).map(JSONValue.integer) ?? .string(text))
    }

    private mutating func readFilter(_ request: ServedRequest) throws(EndpointFailure) {
        switch request.query["filter"] {
        case nil: break
        case "_design": designDocumentsOnly = true
        case "_doc_ids":
            let list = request.method == .post ? try request.json()["doc_ids"] : try request.query.json("doc_ids")
            guard let ids = list?.array else {
                throw .badRequest("`doc_ids` filter parameter is not a JSON array.")
            }
            documentIDs = Set(ids.compactMap { $0.string.map { DocumentID($0) } })
        case .some(let filter):
            throw .badRequest("The filter \"\(filter.prefix(80))\" can't be run here: replicate without it.")
        }
    }

    func takes(_ id: DocumentID) -> Bool {
        if designDocumentsOnly { return id.isDesign }
        return documentIDs?.contains(id) ?? true
    }
}
