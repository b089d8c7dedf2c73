import Crypto
import Foundation

/// What a document says, apart from how it is spelled: equal for two documents with the same content.
///
/// The order of members, white space and escapes make no difference; the value of each number does, and so does whether it
/// is a whole or a floating-point one, as CouchDB keeps it: 1 and 1.0 differ, and so do two whole numbers that no `Double`
/// tells apart, while 1e3 is 1000.0, and -0.0 is 0.0, which is all that CouchDB serves. Strings are compared by their bytes.
/// Of a member given twice both count, in their order. The members that CouchDB keeps outside of the body (`_id`, `_rev`,
/// `_deleted`, `_attachments`, …) don't count.
public struct DocumentFingerprint: Sendable, Hashable {
    private let digest: [UInt8]

    /// Reads a document.
    ///
    /// - Throws: ``CouchError`` with code ``CouchError/Code-swift.struct/malformedAnswer`` where the bytes hold what no
    ///   document of CouchDB holds.
    public init(of document: Data) throws(CouchError) {
        var visitor = FingerprintVisitor()
        do {
            var cursor = JSONCursor()
            try cursor.visitContent(in: document.span.bytes, with: &visitor)
        } catch {
            throw CouchError(.malformedAnswer, "a document can't be compared: \(error)")
        }
        digest = visitor.result
    }
}

/// Writes values in a form that is the same for equal ones; containers by their hashes, so that any depth takes little.
private struct FingerprintVisitor: JSONVisitor {
    private enum Tag: UInt8 { case null, `true`, `false`, integer, float, string, array, object }

    private struct Container {
        var isObject: Bool
        /// Where its first value, or its first key, begins.
        var start: Int
        /// The number of members that enclosing objects have so far.
        var members: Int
    }

    /// The values and keys of all open containers.
    private(set) var result: [UInt8] = []
    private var containers: [Container] = []
    /// The members of all open objects: each is its key, and up to the next one its value.
    private var members: [Range<Int>] = []

    mutating func beginObject() { begin(isObject: true) }
    mutating func beginArray() { begin(isObject: false) }

    private mutating func begin(isObject: Bool) {
        containers.append(Container(isObject: isObject, start: result.count, members: members.count))
    }

    mutating func endArray() {
        guard let container = containers.popLast() else { return }
        close(container, .array, hash: SHA256.hash(data: result[container.start...]))
    }

    mutating func endObject() {
        guard let container = containers.popLast() else { return }
        let keys = members[container.members...]
        let ends = keys.dropFirst().map(\.lowerBound) + [result.count]
        let sorted = zip(keys, ends).enumerated().sorted { left, right in
            let (key, other) = (result[left.element.0], result[right.element.0])
            // Of equal keys, the order counts.
            return key.elementsEqual(other) ? left.offset < right.offset : key.lexicographicallyPrecedes(other)
        }
        var hash = SHA256()
        for (_, (key, end)) in sorted { hash.update(data: result[key.lowerBound..<end]) }
        members.removeSubrange(container.members...)
        close(container, .object, hash: hash.finalize())
    }

    private mutating func close(_ container: Container, _ tag: Tag, hash: SHA256Digest) {
        result.removeSubrange(container.start...)
        result.append(tag.rawValue)
        result.append(contentsOf: hash)
    }

    mutating func key(_ key: JSONString, in bytes: RawSpan) throws(JSONFault) {
        let start = result.count
        try string(key, in: bytes)
        members.append(start..<result.count)
    }

    mutating func string(_ string: JSONString, in bytes: RawSpan) throws(JSONFault) {
        result.append(Tag.string.rawValue)
        if string.hasEscapes {
            appendCounted(try string.text(in: bytes).utf8)
        } else {
            bytes.extracting(string.range).withUnsafeBytes { appendCounted($0) }
        }
    }

    mutating func number(_ number: RawSpan, at offset: Int) throws(JSONFault) {
        switch try JSONNumber(number, at: offset) {
        case .integer(let value):
            result.append(Tag.integer.rawValue)
            appendCounted(String(value).utf8)
        case .bigInteger(let digits, let isNegative):
            result.append(Tag.integer.rawValue)
            appendCounted((isNegative ? [UInt8(ascii: "-")] : []) + digits)
        case .float(let value):
            result.append(Tag.float.rawValue)
            append(value == 0 ? 0 : value.bitPattern)
        }
    }

    mutating func literal(_ literal: JSONLiteral) {
        let tag: Tag =
            switch literal {
            case .null: .null
            case .true: .true
            case .false: .false
            }
        result.append(tag.rawValue)
    }

    private mutating func appendCounted(_ bytes: some Collection<UInt8>) {
        append(UInt64(bytes.count))
        result.append(contentsOf: bytes)
    }

    private mutating func append(_ word: UInt64) {
        for shift in stride(from: 56, through: 0, by: -8) {
            result.append(UInt8(truncatingIfNeeded: word >> UInt64(shift)))
        }
    }
}
