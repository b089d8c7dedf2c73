import Foundation

extension JSONValue {
    /// How deep arrays and objects may lie in each other; a control document is far from it.
    private static let maximumDepth = 512

    /// Parses one JSON text, which may be any value; of members given twice the last one counts.
    ///
    /// - Throws: ``CouchError`` with code ``CouchError/Code-swift.struct/malformedAnswer`` when it isn't JSON.
    public init(parsing data: Data) throws(CouchError) {
        // Not JSONDecoder: it takes a second for a megabyte of a value whose type it doesn't know.
        // The space tells the cursor that a number at the end is whole.
        let bytes = Array(data) + [UInt8(ascii: " ")]
        do {
            var cursor = JSONCursor()
            self = try Self.value(at: &cursor, in: bytes.span.bytes, depth: 0)
            try cursor.expectEnd(in: bytes.span.bytes, behind: "value")
        } catch {
            throw CouchError(.malformedAnswer, "this isn't JSON: \(Excerpt(of: data))")
        }
    }

    private static func value(
        at cursor: inout JSONCursor, in bytes: RawSpan, depth: Int
    ) throws(JSONFault) -> JSONValue {
        guard depth < maximumDepth else { throw .malformed(at: cursor.position, "nested too deeply") }
        switch try cursor.peek(in: bytes) {
        case UInt8(ascii: "{"):
            var members: [String: JSONValue] = [:]
            var isFirst = true
            while let key = try cursor.nextMember(in: bytes, isFirst: &isFirst) {
                members[try key.text(in: bytes)] = try value(at: &cursor, in: bytes, depth: depth + 1)
            }
            return .object(members)
        case UInt8(ascii: "["):
            var elements: [JSONValue] = []
            var isFirst = true
            while try cursor.nextElement(in: bytes, isFirst: &isFirst) {
                elements.append(try value(at: &cursor, in: bytes, depth: depth + 1))
            }
            return .array(elements)
        case UInt8(ascii: "\""):
            return .string(try cursor.text(in: bytes))
        case UInt8(ascii: "t"), UInt8(ascii: "f"):
            return .bool(try cursor.bool(in: bytes))
        case UInt8(ascii: "n"):
            _ = try cursor.skipValue(in: bytes)
            return .null
        default:
            return try number(at: &cursor, in: bytes)
        }
    }

    private static func number(at cursor: inout JSONCursor, in bytes: RawSpan) throws(JSONFault) -> JSONValue {
        let range = try cursor.skipValue(in: bytes)
        let text = String(decoding: bytes.data(at: range), as: UTF8.self)
        if let integer = Int64(text) { return .integer(integer) }
        guard let number = Double(text), number.isFinite else {
            throw .malformed(at: range.lowerBound, "a number that is too large")
        }
        // 1.0 and 1e3 are whole numbers, too; above 2^53 a Double doesn't tell which one.
        if number == number.rounded(), abs(number) <= 9_007_199_254_740_992 { return .integer(Int64(number)) }
        return .number(number)
    }
}
