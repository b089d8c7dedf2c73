import Foundation

/// One row of `_all_docs`.
public struct AllDocsRow: Sendable, Hashable {
    /// The document's id.
    public var id: String
    /// The winning revision; nil where there is no such document, which only happens where it was asked for by its id.
    public var revision: RevisionID?
    /// Whether the document is deleted, which is listed only where it was asked for by its id.
    public var isDeleted: Bool
    /// The document, byte for byte as it was sent, where documents were asked for.
    public var document: Data?

    /// Makes a row.
    public init(id: String, revision: RevisionID?, isDeleted: Bool = false, document: Data? = nil) {
        self.id = id
        self.revision = revision
        self.isDeleted = isDeleted
        self.document = document
    }

    /// Reads `{"id":"…","key":"…","value":{"rev":"…"},"doc":{…}}`, or `{"key":"…","error":"not_found"}`.
    init(reading cursor: inout JSONCursor, in bytes: RawSpan) throws(JSONFault) {
        self.init(id: "", revision: nil)
        var (hasID, isMissing) = (false, false)
        let start = cursor.position
        var isFirst = true
        while let key = try cursor.nextMember(in: bytes, isFirst: &isFirst) {
            if key.isEqual(to: "id", in: bytes) {
                id = try cursor.text(in: bytes)
                hasID = true
            } else if key.isEqual(to: "key", in: bytes), !hasID {
                id = try cursor.optionalText(in: bytes) ?? ""
            } else if key.isEqual(to: "value", in: bytes) {
                try readValue(&cursor, in: bytes)
            } else if key.isEqual(to: "doc", in: bytes) {
                let value = try cursor.skipValue(in: bytes)
                document = bytes.byte(at: value.lowerBound) == UInt8(ascii: "{") ? bytes.data(at: value) : nil
            } else {
                isMissing = isMissing || key.isEqual(to: "error", in: bytes)
                _ = try cursor.skipValue(in: bytes)
            }
        }
        guard isMissing || (hasID && revision != nil) else {
            throw .malformed(at: start, "a row without “\(hasID ? "rev" : "id")”")
        }
    }

    private mutating func readValue(_ cursor: inout JSONCursor, in bytes: RawSpan) throws(JSONFault) {
        guard try cursor.peek(in: bytes) == UInt8(ascii: "{") else {
            _ = try cursor.skipValue(in: bytes)
            return
        }
        var isFirst = true
        while let key = try cursor.nextMember(in: bytes, isFirst: &isFirst) {
            if key.isEqual(to: "rev", in: bytes) {
                revision = try cursor.revision(in: bytes)
            } else if key.isEqual(to: "deleted", in: bytes) {
                isDeleted = try cursor.bool(in: bytes)
            } else {
                _ = try cursor.skipValue(in: bytes)
            }
        }
    }
}
