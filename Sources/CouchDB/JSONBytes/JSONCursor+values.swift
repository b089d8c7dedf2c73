import Foundation

extension JSONCursor {
    /// Moves to the value of an object's next member and returns its key; nil behind the closing brace.
    ///
    /// - Parameter isFirst: true for the first call, which reads the opening brace.
    @inline(__always)
    mutating func nextMember(in bytes: RawSpan, isFirst: inout Bool) throws(JSONFault) -> JSONString? {
        if isFirst {
            try expect(UInt8(ascii: "{"), in: bytes)
            isFirst = false
            if try peek(in: bytes) != UInt8(ascii: "}") { return try key(in: bytes) }
        } else if try peek(in: bytes) == UInt8(ascii: ",") {
            position += 1
            return try key(in: bytes)
        }
        try expect(UInt8(ascii: "}"), in: bytes)
        return nil
    }

    /// Moves to an array's next element; false behind the closing bracket.
    ///
    /// - Parameter isFirst: true for the first call, which reads the opening bracket.
    @inline(__always)
    mutating func nextElement(in bytes: RawSpan, isFirst: inout Bool) throws(JSONFault) -> Bool {
        if isFirst {
            try expect(UInt8(ascii: "["), in: bytes)
            isFirst = false
            if try peek(in: bytes) != UInt8(ascii: "]") { return true }
        } else if try peek(in: bytes) == UInt8(ascii: ",") {
            position += 1
            return true
        }
        try expect(UInt8(ascii: "]"), in: bytes)
        return false
    }

    /// Reads a string.
    @inline(__always)
    mutating func text(in bytes: RawSpan) throws(JSONFault) -> String {
        guard try peek(in: bytes) == UInt8(ascii: "\"") else { throw .malformed(at: position, "not a string") }
        return try string(in: bytes).text(in: bytes)
    }

    /// Reads `true` or `false`.
    mutating func bool(in bytes: RawSpan) throws(JSONFault) -> Bool {
        let value = try skipValue(in: bytes)
        switch bytes.byte(at: value.lowerBound) {
        case UInt8(ascii: "t"): return true
        case UInt8(ascii: "f"): return false
        default: throw .malformed(at: value.lowerBound, "neither true nor false")
        }
    }

    /// Reads a number that fits into an `Int`; nil for `null`.
    mutating func integer(in bytes: RawSpan) throws(JSONFault) -> Int? {
        guard let number = try number(in: bytes) else { return nil }
        guard let integer = Int(number.text) else { throw .malformed(at: number.start, "not an integer") }
        return integer
    }

    /// Reads how many there are of something, or how long it is; nil for `null`, and for a number that can't be that.
    ///
    /// Whoever may write to a database can give an attachment any length, and neither may such a document stop a backup, nor
    /// the sum of some lengths overflow.
    mutating func count(in bytes: RawSpan) throws(JSONFault) -> Int? {
        guard let number = try number(in: bytes), let integer = Int(number.text),
            (0...Self.mostCounted).contains(integer)
        else { return nil }
        return integer
    }

    /// Reads a number's text; nil for `null`.
    private mutating func number(in bytes: RawSpan) throws(JSONFault) -> (text: String, start: Int)? {
        let value = try skipValue(in: bytes)
        let first = bytes.byte(at: value.lowerBound)
        if first == UInt8(ascii: "n") { return nil }
        guard first == UInt8(ascii: "-") || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(first) else {
            throw .malformed(at: value.lowerBound, "not an integer")
        }
        let text = bytes.extracting(value).withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
        return (text, value.lowerBound)
    }

    /// A terabyte, which no attachment reaches.
    private static let mostCounted = 1 << 40

    /// Reads a string as it is, and nil for any other value.
    mutating func optionalText(in bytes: RawSpan) throws(JSONFault) -> String? {
        if try peek(in: bytes) == UInt8(ascii: "\"") { return try text(in: bytes) }
        _ = try skipValue(in: bytes)
        return nil
    }

    /// Reads a revision's text form.
    @inline(__always)
    mutating func revision(in bytes: RawSpan) throws(JSONFault) -> RevisionID {
        guard try peek(in: bytes) == UInt8(ascii: "\"") else { throw .malformed(at: position, "not a revision") }
        let start = position
        let string = try string(in: bytes)
        if !string.hasEscapes, let revision = RevisionID(digestText: bytes.extracting(string.range)) { return revision }
        guard let revision = RevisionID(try string.text(in: bytes)) else {
            throw .malformed(at: start, "not a revision, which is a number, “-” and a hash")
        }
        return revision
    }

    /// Reads an update sequence; nil for `null`, which stands in for all but some of them under `seq_interval`.
    mutating func sequence(in bytes: RawSpan) throws(JSONFault) -> UpdateSequence? {
        switch try peek(in: bytes) {
        case UInt8(ascii: "\""):
            return UpdateSequence(.string(try text(in: bytes)))
        case UInt8(ascii: "n"):
            _ = try skipValue(in: bytes)
            return nil
        default:
            let start = position
            let value = try skipValue(in: bytes)
            guard let value = try? JSONValue(parsing: bytes.data(at: value)) else {
                // The grammar is right, so that this is a number that no Double can hold.
                throw .malformed(at: start, "not an update sequence")
            }
            return UpdateSequence(value)
        }
    }
}

extension RawSpan {
    /// Copies bytes out; traps where the range is not within them.
    func data(at range: Range<Int>) -> Data { extracting(range).withUnsafeBytes { Data($0) } }
}
