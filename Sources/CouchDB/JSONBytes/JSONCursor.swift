/// A position in JSON bytes, with methods that check the grammar (RFC 8259) and move past what they read.
///
/// The bytes are a parameter of each method, so that the cursor is a plain value. Reading never runs past the end:
/// each load is checked, and bytes that end too early are ``JSONFault/incomplete``. A number that ends with the bytes
/// counts as incomplete too, since more digits may follow.
struct JSONCursor {
    var position: Int

    init(at position: Int = 0) { self.position = position }

    /// Checks that nothing but white space is left.
    ///
    /// - Parameter what: what has ended, in a word.
    mutating func expectEnd(in bytes: RawSpan, behind what: String) throws(JSONFault) {
        do {
            _ = try peek(in: bytes)
        } catch {
            guard case .incomplete = error else { throw error }
            return
        }
        throw .malformed(at: position, "something comes behind the \(what)")
    }

    /// The next byte that isn't white space.
    @inline(__always)
    mutating func peek(in bytes: RawSpan) throws(JSONFault) -> UInt8 {
        while position < bytes.byteCount {
            let byte = bytes.byte(at: position)
            guard byte <= UInt8(ascii: " ") else { return byte }
            guard byte == 0x20 || byte == 0x0a || byte == 0x0d || byte == 0x09 else {
                throw .malformed(at: position, "a control character between the values")
            }
            position += 1
        }
        throw .incomplete
    }

    /// Moves past white space and the given byte.
    @inline(__always)
    mutating func expect(_ byte: UInt8, in bytes: RawSpan) throws(JSONFault) {
        guard try peek(in: bytes) == byte else {
            throw .malformed(at: position, "not the expected “\(Character(UnicodeScalar(byte)))”")
        }
        position += 1
    }

    /// Moves past one value of any kind and returns where its bytes are, without the white space around it.
    mutating func skipValue(in bytes: RawSpan) throws(JSONFault) -> Range<Int> {
        var nesting = JSONNesting()
        _ = try peek(in: bytes)
        let start = position
        while true {
            switch try peek(in: bytes) {
            case UInt8(ascii: "\""):
                _ = try string(in: bytes)
            case UInt8(ascii: "{"):
                position += 1
                if try peek(in: bytes) != UInt8(ascii: "}") {
                    nesting.push(isObject: true)
                    _ = try key(in: bytes)
                    continue
                }
                position += 1
            case UInt8(ascii: "["):
                position += 1
                if try peek(in: bytes) != UInt8(ascii: "]") {
                    nesting.push(isObject: false)
                    continue
                }
                position += 1
            case UInt8(ascii: "t"): try skipLiteral("true", in: bytes)
            case UInt8(ascii: "f"): try skipLiteral("false", in: bytes)
            case UInt8(ascii: "n"): try skipLiteral("null", in: bytes)
            case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): try skipNumber(in: bytes)
            default: throw .malformed(at: position, "not a JSON value")
            }
            guard try closeContainers(&nesting, in: bytes) else { return start..<position }
        }
    }

    /// Moves past closing brackets behind a value, and past a comma and key; false where the outermost value ended.
    @inline(__always)
    private mutating func closeContainers(_ nesting: inout JSONNesting, in bytes: RawSpan) throws(JSONFault) -> Bool {
        while !nesting.isEmpty {
            let byte = try peek(in: bytes)
            let isObject = nesting.isInObject
            if byte == UInt8(ascii: ",") {
                position += 1
                if isObject { _ = try key(in: bytes) }
                return true
            }
            guard byte == (isObject ? UInt8(ascii: "}") : UInt8(ascii: "]")) else {
                throw .malformed(at: position, "neither a comma nor the end of the \(isObject ? "object" : "array")")
            }
            position += 1
            nesting.pop()
        }
        return false
    }

    private mutating func skipLiteral(_ literal: StaticString, in bytes: RawSpan) throws(JSONFault) {
        for offset in 0..<literal.utf8CodeUnitCount {
            guard position + offset < bytes.byteCount else { throw .incomplete }
            guard bytes.byte(at: position + offset) == literal.byte(at: offset) else {
                throw .malformed(at: position, "not a JSON value")
            }
        }
        position += literal.utf8CodeUnitCount
    }

    private mutating func skipNumber(in bytes: RawSpan) throws(JSONFault) {
        if bytes.byte(at: position) == UInt8(ascii: "-") { position += 1 }
        let leadsWithZero = position < bytes.byteCount && bytes.byte(at: position) == UInt8(ascii: "0")
        let digits = try skipDigits(in: bytes)
        guard digits == 1 || !leadsWithZero else { throw .malformed(at: position, "a number with leading zeros") }
        if bytes.byte(at: position) == UInt8(ascii: ".") {
            position += 1
            _ = try skipDigits(in: bytes)
        }
        if bytes.byte(at: position) | 0x20 == UInt8(ascii: "e") {
            position += 1
            guard position < bytes.byteCount else { throw .incomplete }
            let sign = bytes.byte(at: position)
            if sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") { position += 1 }
            _ = try skipDigits(in: bytes)
        }
    }

    /// Moves past one digit or more to a byte that is there and is none.
    private mutating func skipDigits(in bytes: RawSpan) throws(JSONFault) -> Int {
        let start = position
        while position < bytes.byteCount {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes.byte(at: position)) else {
                guard position > start else { throw .malformed(at: position, "a number without digits") }
                return position - start
            }
            position += 1
        }
        throw .incomplete
    }
}

extension RawSpan {
    /// Loads one byte; traps where there is none.
    @inline(__always)
    func byte(at offset: Int) -> UInt8 {
        // Unsafe only for types that not every bit pattern fits; the offset is checked.
        unsafeLoad(fromByteOffset: offset, as: UInt8.self)
    }

    /// Loads eight bytes, the first one into the lowest bits; traps where there are fewer.
    @inline(__always)
    func word(at offset: Int) -> UInt64 {
        UInt64(littleEndian: unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self))
    }
}

extension StaticString {
    @inline(__always)
    fileprivate func byte(at offset: Int) -> UInt8 { withUTF8Buffer { $0[offset] } }
}
