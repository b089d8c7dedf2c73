import Foundation

/// The elements of a JSON array as they stand in its bytes, in their order.
///
/// For arrays whose elements are to be kept byte for byte.
public struct JSONElements: Sendable, Hashable {
    /// The bytes of each element, without the white space around it.
    public let elements: [Data]

    /// Reads an array.
    ///
    /// - Throws: ``CouchError`` with code ``CouchError/Code-swift.struct/malformedAnswer`` where the bytes are not one
    ///   JSON array.
    public init(of bytes: Data) throws(CouchError) {
        do {
            let start = bytes.startIndex
            elements = try Self.ranges(in: bytes.span.bytes).map {
                bytes[(start + $0.lowerBound)..<(start + $0.upperBound)]
            }
        } catch {
            throw CouchError(.malformedAnswer, "this isn't a JSON array: \(Excerpt(of: bytes))")
        }
    }

    private static func ranges(in bytes: RawSpan) throws(JSONFault) -> [Range<Int>] {
        var cursor = JSONCursor()
        var ranges: [Range<Int>] = []
        var isFirst = true
        while try cursor.nextElement(in: bytes, isFirst: &isFirst) { ranges.append(try cursor.skipValue(in: bytes)) }
        try cursor.expectEnd(in: bytes, behind: "array")
        return ranges
    }
}
