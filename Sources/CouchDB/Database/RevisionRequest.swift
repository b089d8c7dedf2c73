/// One revision that is asked for by `_bulk_get`.
public struct RevisionRequest: Sendable, Hashable {
    /// The document's id.
    public var id: String
    /// The revision; the winner where nil.
    public var revision: RevisionID?
    /// Revisions whose attachments the asker has already; only younger ones are sent, if attachments are at all.
    public var attachmentsSince: [RevisionID]

    /// Makes a request for one revision.
    public init(id: String, revision: RevisionID? = nil, attachmentsSince: [RevisionID] = []) {
        self.id = id
        self.revision = revision
        self.attachmentsSince = attachmentsSince
    }

    /// The item of the request's body.
    var item: JSONValue {
        var members: [String: JSONValue] = ["id": .string(id)]
        if let revision { members["rev"] = .string(revision.description) }
        if !attachmentsSince.isEmpty {
            members["atts_since"] = .array(attachmentsSince.map { .string($0.description) })
        }
        return .object(members)
    }
}
