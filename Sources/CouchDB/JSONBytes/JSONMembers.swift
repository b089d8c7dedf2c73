import Foundation

/// The members of a JSON object as they stand in its bytes, in their order, their values untouched.
///
/// For objects of which some members are to be replaced and all others kept byte for byte, and for objects whose keys
/// must not be compared as Swift compares strings.
public struct JSONMembers: Sendable, Hashable {
    /// A member of the object.
    public struct Member: Sendable, Hashable {
        /// The key; nil for one that no text can hold, such as half a surrogate pair.
        public let key: String?
        /// Where the member is: from the quotation mark before its key to the end of its value.
        public let range: Range<Int>
        /// Where its value is.
        public let valueRange: Range<Int>
    }

    /// The bytes that were read.
    public let bytes: Data
    /// The members in their order, also those with equal keys.
    public let members: [Member]

    /// Reads an object.
    ///
    /// - Throws: ``CouchError`` with code ``CouchError/Code-swift.struct/malformedAnswer`` where the bytes are not one
    ///   JSON object.
    public init(of bytes: Data) throws(CouchError) {
        self.bytes = bytes
        do {
            members = try Self.members(in: bytes.span.bytes)
        } catch {
            throw CouchError(.malformedAnswer, "this isn't a JSON object: \(Excerpt(of: bytes))")
        }
    }

    /// The bytes of a member, from its key to its value.
    public func text(of member: Member) -> Data { slice(member.range) }

    /// The bytes of a member's value.
    public func value(of member: Member) -> Data { slice(member.valueRange) }

    private func slice(_ range: Range<Int>) -> Data {
        bytes[(bytes.startIndex + range.lowerBound)..<(bytes.startIndex + range.upperBound)]
    }

    private static func members(in bytes: RawSpan) throws(JSONFault) -> [Member] {
        var cursor = JSONCursor()
        var members: [Member] = []
        var isFirst = true
        while let key = try cursor.nextMember(in: bytes, isFirst: &isFirst) {
            let value = try cursor.skipValue(in: bytes)
            // Such a key is still part of the bytes, which are to be kept.
            members.append(
                Member(
                    key: try? key.text(in: bytes), range: (key.range.lowerBound - 1)..<value.upperBound,
                    valueRange: value))
        }
        try cursor.expectEnd(in: bytes, behind: "object")
        return members
    }
}
