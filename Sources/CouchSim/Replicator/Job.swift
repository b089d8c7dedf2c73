import Foundation

/// Names a replication document.
struct ReplicationDocumentKey: Sendable, Hashable {
    var database: String
    var id: String
}

/// One job of the scheduler.
struct Job: Sendable {
    struct Event: Sendable {
        enum Kind: String { case added, started, stopped, crashed }
        var at: Date
        var kind: Kind
        var reason: String?
    }

    enum Phase: Sendable, Equatable {
        case pending
        case running(since: Duration)
        case crashed(at: Duration)
    }

    let id: String
    let specification: ReplicationSpecification
    /// The document; nil for a transient job.
    let document: ReplicationDocumentKey?
    /// Who started a transient job.
    let user: String?
    let added: Date
    /// What makes its process's id.
    let number: Int
    var phase = Phase.pending
    /// Newest first.
    var history: [Event] = []
    var progress: JobProgress?
    /// Crashes one after another, each soon after the start before it.
    var crashStreak = 0
    /// When it stopped running last, by the scheduler's time; for turns.
    var lastTurn: Duration = .zero
    var control = JobControl()
    /// When its present run began.
    var runStart: Date?
    var updated: Date

    /// The id without `+continuous`.
    var baseID: String { String(id.prefix { $0 != "+" }) }

    var isRunning: Bool { if case .running = phase { true } else { false } }
    var isCrashed: Bool { if case .crashed = phase { true } else { false } }

    var pid: String { "<0.\(number).0>" }

    mutating func record(_ kind: Event.Kind, at date: Date, reason: String? = nil, limit: Int) {
        history.insert(Event(at: date, kind: kind, reason: reason), at: 0)
        if history.count > limit { history.removeLast(history.count - limit) }
    }
}
