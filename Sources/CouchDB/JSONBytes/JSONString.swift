/// A string in JSON bytes, checked but not decoded yet.
struct JSONString {
    /// The bytes between the quotation marks.
    let range: Range<Int>
    /// Whether there are escapes among them.
    let hasEscapes: Bool

    /// Decodes the string.
    ///
    /// - Throws: ``JSONFault/malformed(at:_:)`` where an escape is half a surrogate pair, which no text can hold.
    @inline(__always)
    func text(in bytes: RawSpan) throws(JSONFault) -> String {
        guard hasEscapes else {
            // A pointer only to hand the checked bytes to String, which copies them.
            return bytes.extracting(range).withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
        }
        return try unescapedText(in: bytes)
    }

    /// Tells whether the decoded string is the given ASCII text.
    @inline(__always)
    func isEqual(to text: StaticString, in bytes: RawSpan) -> Bool {
        guard !hasEscapes else {
            // Half a surrogate pair is never equal to ASCII.
            return (try? unescapedText(in: bytes)) == "\(text)"
        }
        guard range.count == text.utf8CodeUnitCount else { return false }
        return text.withUTF8Buffer { buffer in
            for (offset, byte) in buffer.enumerated() where bytes.byte(at: range.lowerBound + offset) != byte {
                return false
            }
            return true
        }
    }

    private func unescapedText(in bytes: RawSpan) throws(JSONFault) -> String {
        var text: [UInt8] = []
        text.reserveCapacity(range.count)
        var index = range.lowerBound
        while index < range.upperBound {
            let byte = bytes.byte(at: index)
            guard byte == UInt8(ascii: "\\") else {
                text.append(byte)
                index += 1
                continue
            }
            let escape = bytes.byte(at: index + 1)
            index += 2
            switch escape {
            case UInt8(ascii: "b"): text.append(0x08)
            case UInt8(ascii: "f"): text.append(0x0c)
            case UInt8(ascii: "n"): text.append(0x0a)
            case UInt8(ascii: "r"): text.append(0x0d)
            case UInt8(ascii: "t"): text.append(0x09)
            case UInt8(ascii: "u"): text.append(contentsOf: try scalar(at: &index, in: bytes).utf8)
            default: text.append(escape)
            }
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// Reads the digits of one escape, or of the two of a surrogate pair, from the first digit on.
    private func scalar(at index: inout Int, in bytes: RawSpan) throws(JSONFault) -> String {
        let start = index - 2
        let unit = codeUnit(at: index, in: bytes)
        index += 4
        if let scalar = UnicodeScalar(unit) { return String(Character(scalar)) }
        guard UTF16.isLeadSurrogate(unit), index + 6 <= range.upperBound, bytes.byte(at: index) == UInt8(ascii: "\\"),
            bytes.byte(at: index + 1) == UInt8(ascii: "u")
        else { throw .malformed(at: start, "half a surrogate pair") }
        let trail = codeUnit(at: index + 2, in: bytes)
        guard UTF16.isTrailSurrogate(trail) else { throw .malformed(at: start, "half a surrogate pair") }
        index += 6
        return String(decoding: [unit, trail], as: UTF16.self)
    }

    private func codeUnit(at index: Int, in bytes: RawSpan) -> UInt16 {
        var unit: UInt16 = 0
        for offset in 0..<4 { unit = unit << 4 | UInt16(bytes.byte(at: index + offset).hexadecimalDigit ?? 0) }
        return unit
    }
}
