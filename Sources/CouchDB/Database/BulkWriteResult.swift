/// What became of documents that were written together.
public struct BulkWriteResult: Sendable, Hashable {
    /// The documents that the database did not take.
    public var refused: [RefusedDocument]
    /// Whether the server has not said that too few copies of a shard took the documents.
    ///
    /// False (202) says that at least one copy has them and the cluster will bring the others along, unless that node is
    /// lost before. CouchDB never says so of `new_edits: false`, however few copies are left: such a write is `noreply` from
    /// each copy, and `force_reply` of fabric_doc_update.erl takes equal answers for good. See ``NodesAway``.
    public var reachedQuorum: Bool

    /// Makes a result.
    public init(refused: [RefusedDocument], reachedQuorum: Bool = true) {
        self.refused = refused
        self.reachedQuorum = reachedQuorum
    }
}

/// A document that a database did not take.
public struct RefusedDocument: Sendable, Hashable {
    /// The document's id.
    public var id: String
    /// The revision, where told.
    public var revision: String?
    /// CouchDB's word, such as `forbidden`.
    public var error: String
    /// CouchDB's or the validation function's text.
    public var reason: String?

    /// Makes a description.
    public init(id: String, revision: String? = nil, error: String, reason: String? = nil) {
        self.id = id
        self.revision = revision
        self.error = error
        self.reason = reason
    }

    /// Reads a row; nil for a document that was taken, which some servers list too.
    init?(row: JSONValue) {
        guard let error = row["error"]?.string else { return nil }
        self.init(
            id: row["id"]?.string ?? "", revision: row["rev"]?.string, error: error,
            reason: row["reason"].flatMap { $0.isNull ? nil : $0.reasonText })
    }
}
