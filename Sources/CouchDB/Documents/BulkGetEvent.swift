import Foundation

/// What an answer of `_bulk_get` says next.
public enum BulkGetEvent: Sendable, Hashable {
    /// A revision's document, byte for byte as it was sent, and what replication has to know of it.
    case document(Data, DocumentMembers)
    /// A revision that the server does not hand out.
    case failure(BulkGetFailure)
    /// All that the server has for one item of the request was said; items are answered in their order.
    case answered
    /// The answer is complete.
    case end
}

/// Why a server does not hand out a revision that `_bulk_get` asked for.
public struct BulkGetFailure: Sendable, Hashable {
    /// The document's id.
    public var id: String?
    /// The revision as the server names it, which may be `undefined`.
    public var revision: String?
    /// CouchDB's word for the error, such as `not_found`.
    public var error: String
    /// CouchDB's text about it.
    public var reason: String?

    /// Makes a description of a failure.
    public init(id: String?, revision: String?, error: String, reason: String?) {
        self.id = id
        self.revision = revision
        self.error = error
        self.reason = reason
    }

    /// Reads `{"id":"…","rev":"…","error":"…","reason":"…"}`.
    init(reading cursor: inout JSONCursor, in bytes: RawSpan) throws(JSONFault) {
        self.init(id: nil, revision: nil, error: "unknown", reason: nil)
        var isFirst = true
        while let key = try cursor.nextMember(in: bytes, isFirst: &isFirst) {
            if key.isEqual(to: "id", in: bytes) {
                id = try cursor.optionalText(in: bytes)
            } else if key.isEqual(to: "rev", in: bytes) {
                revision = try cursor.optionalText(in: bytes)
            } else if key.isEqual(to: "error", in: bytes) {
                error = try cursor.optionalText(in: bytes) ?? error
            } else if key.isEqual(to: "reason", in: bytes) {
                reason = try cursor.optionalText(in: bytes)
            } else {
                _ = try cursor.skipValue(in: bytes)
            }
        }
    }
}
