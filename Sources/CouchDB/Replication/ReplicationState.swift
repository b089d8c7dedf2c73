/// The state of a replication document as `_scheduler/docs` shows it.
public struct ReplicationState: Sendable, Hashable, RawRepresentable, CustomStringConvertible {
    /// CouchDB's word.
    public let rawValue: String
    /// Makes a state of CouchDB's word.
    public init(rawValue: String) { self.rawValue = rawValue }
    /// CouchDB's word.
    public var description: String { rawValue }

    /// The document was seen, the job not yet made.
    public static let initializing = ReplicationState(rawValue: "initializing")
    /// It can't become a job, tried again with back-off up to about three days.
    public static let error = ReplicationState(rawValue: "error")
    /// The scheduler has it, and it waits for its turn.
    public static let pending = ReplicationState(rawValue: "pending")
    /// A process is alive; that says nothing of progress.
    public static let running = ReplicationState(rawValue: "running")
    /// It stopped with an error and waits for the next try.
    public static let crashing = ReplicationState(rawValue: "crashing")
    /// It will never be tried again.
    public static let failed = ReplicationState(rawValue: "failed")
    /// It ran once and never will again.
    public static let completed = ReplicationState(rawValue: "completed")
    /// 1.x: it was started once; says nothing of now.
    public static let triggered = ReplicationState(rawValue: "triggered")
}

/// A replication id: a hash, with `+continuous` and `+create_target` behind it where those are set.
public struct ReplicationID: Sendable, Hashable, CustomStringConvertible {
    /// The whole id.
    public let text: String
    /// Wraps an id as a server shows it.
    public init(_ text: String) { self.text = text }
    /// The whole id.
    public var description: String { text }
    /// The hash alone: both sides keep the checkpoint in the document `_local/{base}`.
    public var base: String { String(text.prefix { $0 != "+" }) }
}
