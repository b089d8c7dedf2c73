/// Takes in the parts of a JSON value in their order.
protocol JSONVisitor {
    mutating func beginObject()
    /// The key of the value that comes next.
    mutating func key(_ key: JSONString, in bytes: RawSpan) throws(JSONFault)
    mutating func endObject()
    mutating func beginArray()
    mutating func endArray()
    mutating func string(_ string: JSONString, in bytes: RawSpan) throws(JSONFault)
    /// A number, of which the grammar was checked.
    mutating func number(_ number: RawSpan, at offset: Int) throws(JSONFault)
    mutating func literal(_ literal: JSONLiteral)
}

/// A JSON value that is a word.
enum JSONLiteral: String { case null, `true`, `false` }

extension JSONCursor {
    /// Hands a document's content to a visitor: all members but those that CouchDB keeps elsewhere.
    ///
    /// Any depth of nesting is taken, since nothing here calls itself.
    mutating func visitContent(in bytes: RawSpan, with visitor: inout some JSONVisitor) throws(JSONFault) {
        var nesting = JSONNesting()
        nesting.push(isObject: true)
        visitor.beginObject()
        var isFirst = true
        while !nesting.isEmpty {
            if nesting.isInObject {
                guard let key = try nextMember(in: bytes, isFirst: &isFirst) else {
                    nesting.pop()
                    visitor.endObject()
                    continue
                }
                if nesting.depth == 1, try !isContent(key, in: bytes) {
                    _ = try skipValue(in: bytes)
                    continue
                }
                try visitor.key(key, in: bytes)
            } else if try !nextElement(in: bytes, isFirst: &isFirst) {
                nesting.pop()
                visitor.endArray()
                continue
            }
            switch try peek(in: bytes) {
            case UInt8(ascii: "{"):
                nesting.push(isObject: true)
                visitor.beginObject()
                isFirst = true
            case UInt8(ascii: "["):
                nesting.push(isObject: false)
                visitor.beginArray()
                isFirst = true
            default:
                try visitScalar(in: bytes, with: &visitor)
            }
        }
    }

    private mutating func visitScalar(
        in bytes: RawSpan, with visitor: inout some JSONVisitor
    ) throws(JSONFault) {
        if try peek(in: bytes) == UInt8(ascii: "\"") {
            return try visitor.string(try string(in: bytes), in: bytes)
        }
        let value = try skipValue(in: bytes)
        switch bytes.byte(at: value.lowerBound) {
        case UInt8(ascii: "n"): visitor.literal(.null)
        case UInt8(ascii: "t"): visitor.literal(.true)
        case UInt8(ascii: "f"): visitor.literal(.false)
        default: try visitor.number(bytes.extracting(value), at: value.lowerBound)
        }
    }

    /// Whether a member of a document is its own content, and not one of CouchDB's.
    private func isContent(_ key: JSONString, in bytes: RawSpan) throws(JSONFault) -> Bool {
        guard key.beginsWithUnderscore(in: bytes) else { return true }
        let name = try key.text(in: bytes)
        guard name.utf8.first == UInt8(ascii: "_") else { return true }
        switch name {
        case "_id", "_rev", "_deleted", "_attachments", "_revisions", "_revs_info", "_conflicts",
            "_deleted_conflicts", "_local_seq":
            return false
        // What old replicators write into their documents is kept with the content (couch_doc:transfer_fields).
        case "_replication_id", "_replication_state", "_replication_state_time", "_replication_state_reason",
            "_replication_stats":
            return true
        default:
            throw .malformed(at: key.range.lowerBound, "the member “\(name)”, which CouchDB takes from no document")
        }
    }
}

extension JSONString {
    /// Tells whether the string may begin with an underscore: it does, or begins with an escape.
    func beginsWithUnderscore(in bytes: RawSpan) -> Bool {
        guard !range.isEmpty else { return false }
        let first = bytes.byte(at: range.lowerBound)
        return first == UInt8(ascii: "_") || first == UInt8(ascii: "\\")
    }
}
