/// One row of `_all_docs`.
public struct DocumentRow: Sendable, Hashable {
    /// The document's id.
    public var id: String
    /// The winner's revision.
    public var revision: String
    /// The document, where it was asked for.
    public var document: JSONValue?

    /// Makes a row.
    public init(id: String, revision: String, document: JSONValue? = nil) {
        self.id = id
        self.revision = revision
        self.document = document
    }

    /// Reads a row of the answer.
    ///
    /// - Throws: ``CouchError`` with code `malformed-answer` where there is no id or no revision.
    public init(answer: JSONValue) throws {
        guard let id = answer["id"]?.string, let revision = answer["value"]?["rev"]?.string else {
            throw CouchError(.malformedAnswer, "a row of _all_docs has no id or no revision")
        }
        let document = answer["doc"]
        self.init(id: id, revision: revision, document: document?.isNull == false ? document : nil)
    }
}
