import Foundation

/// What became of a replication document.
struct ReplicationRecord: Sendable {
    enum State: Sendable {
        case initializing
        /// It can't become a job, and is tried again.
        case error(reason: String, count: Int, retryAt: Duration)
        /// It is the job of that id.
        case scheduled(String)
        /// Never to be tried again; what is shown is in the document.
        case failed(reason: String)
        case completed(statistics: OrderedJSON)

        var isFailed: Bool { if case .failed = self { true } else { false } }
    }

    var specification: ReplicationSpecification?
    var state: State
    /// When the document was seen first; nil for one that came completed from elsewhere.
    var start: Date?
    var updated: Date
}
