import Foundation

/// A document of a `_replicator` database: what is to be replicated, and in 1.x also what became of it.
public struct ReplicationDocument: Sendable, Hashable {
    /// The document's id.
    public var id: String
    /// Its revision, nil for one not yet written.
    public var revision: String?
    /// Where documents come from; nil where the document has no usable `source`.
    public var source: ReplicationEndpoint?
    /// Where documents go to; nil where the document has no usable `target`.
    public var target: ReplicationEndpoint?
    /// The document's members as read, `_id` and `_rev` included.
    public var members: [String: JSONValue]

    /// Reads a document.
    ///
    /// - Throws: ``CouchError`` with code `malformed-answer` where there is no `_id`.
    public init(answer: JSONValue) throws {
        guard case .object(let members) = answer, let id = members["_id"]?.string else {
            throw CouchError(.malformedAnswer, "a replication document has no _id")
        }
        self.id = id
        self.members = members
        revision = members["_rev"]?.string
        source = members["source"].flatMap(ReplicationEndpoint.init(value:))
        target = members["target"].flatMap(ReplicationEndpoint.init(value:))
    }

    /// Makes a continuous, unfiltered replication.
    ///
    /// - Parameter withAuthObject: whether the server knows `auth.basic`, see
    ///   ``ServerInfo/hasReplicationAuthObject``.
    public init(
        id: String, source: ReplicationEndpoint, target: ReplicationEndpoint, withAuthObject: Bool,
        options: [String: JSONValue] = [:]
    ) {
        self.id = id
        self.source = source
        self.target = target
        members = options
        members["_id"] = .string(id)
        members["source"] = source.value(withAuthObject: withAuthObject)
        members["target"] = target.value(withAuthObject: withAuthObject)
        members["continuous"] = true
    }

    /// Whether it goes on after the newest change.
    public var isContinuous: Bool { members["continuous"]?.bool ?? false }

    /// `_replication_state`: in 2.1 and later only `completed` and `failed` are written.
    public var recordedState: ReplicationState? {
        members["_replication_state"]?.string.map(ReplicationState.init(rawValue:))
    }

    /// `_replication_state_reason`.
    public var recordedReason: String? { members["_replication_state_reason"]?.reasonText }

    /// `_replication_id`, written by 1.x.
    public var recordedID: ReplicationID? { members["_replication_id"]?.string.map(ReplicationID.init) }

    /// `_replication_state_time`: ISO 8601, or seconds since 1970 in 1.1.
    public var recordedStateTime: Date? {
        switch members["_replication_state_time"] {
        case .string(let text): Date(couchDB: text)
        case .integer(let seconds): Date(timeIntervalSince1970: TimeInterval(seconds))
        default: nil
        }
    }

    /// The options that make the copy a partial one, in the order in which people should hear of them.
    public var partialOptions: [String] {
        ["filter", "selector", "doc_ids", "view", "since_seq", "winning_revs_only"].filter { option in
            switch members[option] {
            case nil, .null?, .bool(false)?: false
            // From the beginning, as without it.
            case .integer(0)?, .string("0")?: option != "since_seq"
            default: true
            }
        }
    }

    /// Returns the members to write for a fresh start: without `_rev` and without any `_replication_*` field.
    ///
    /// A document that still says `failed` or `completed` is ignored for ever (`couch_replicator_doc_processor.erl`).
    public func membersForRestart() -> [String: JSONValue] {
        members.filter { $0.key != "_rev" && !$0.key.hasPrefix("_replication_") }
    }
}
