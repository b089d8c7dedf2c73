extension JSONCursor {
    /// Moves past white space and a string.
    ///
    /// Its UTF-8 and its escapes are checked. Half a surrogate pair is grammatical as an escape, and therefore let pass.
    @inline(__always)
    mutating func string(in bytes: RawSpan) throws(JSONFault) -> JSONString {
        try expect(UInt8(ascii: "\""), in: bytes)
        let start = position
        var hasEscapes = false
        while true {
            skipPlainText(in: bytes)
            guard position < bytes.byteCount else { throw .incomplete }
            switch bytes.byte(at: position) {
            case UInt8(ascii: "\""):
                position += 1
                return JSONString(range: start..<(position - 1), hasEscapes: hasEscapes)
            case UInt8(ascii: "\\"):
                hasEscapes = true
                try skipEscape(in: bytes)
            case 0..<0x20:
                throw .malformed(at: position, "a control character in a string")
            case 0x20..<0x80:
                position += 1
            default:
                try skipMultibyteCharacter(in: bytes)
            }
        }
    }

    /// Moves past the key of a member and its colon.
    @inline(__always)
    mutating func key(in bytes: RawSpan) throws(JSONFault) -> JSONString {
        let key = try string(in: bytes)
        try expect(UInt8(ascii: ":"), in: bytes)
        return key
    }

    /// Moves past ASCII that means nothing special, eight bytes at a time; less than eight bytes may be left of it.
    @inline(__always)
    private mutating func skipPlainText(in bytes: RawSpan) {
        let ones: UInt64 = 0x0101_0101_0101_0101
        while bytes.byteCount - position >= 8 {
            let word = bytes.word(at: position)
            let quotes = word ^ (ones &* UInt64(UInt8(ascii: "\"")))
            let backslashes = word ^ (ones &* UInt64(UInt8(ascii: "\\")))
            // The high bit of each byte that is a quotation mark, a backslash, a control character or not ASCII. A
            // borrow can set more of them, but only above one that is right.
            let special =
                ((quotes &- ones) & ~quotes | (backslashes &- ones) & ~backslashes | (word &- ones &* 0x20) & ~word
                    | word) & (ones &* 0x80)
            guard special == 0 else {
                position += special.trailingZeroBitCount >> 3
                return
            }
            position += 8
        }
    }

    private mutating func skipEscape(in bytes: RawSpan) throws(JSONFault) {
        guard position + 1 < bytes.byteCount else { throw .incomplete }
        switch bytes.byte(at: position + 1) {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
            UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            position += 2
        case UInt8(ascii: "u"):
            for offset in 2..<6 {
                guard position + offset < bytes.byteCount else { throw .incomplete }
                guard bytes.byte(at: position + offset).hexadecimalDigit != nil else {
                    throw .malformed(at: position, "an escape without four hexadecimal digits")
                }
            }
            position += 6
        default:
            throw .malformed(at: position, "an unknown escape")
        }
    }

    /// Moves past one character of two to four bytes (Unicode, table 3-7).
    private mutating func skipMultibyteCharacter(in bytes: RawSpan) throws(JSONFault) {
        let lead = bytes.byte(at: position)
        let length: Int
        var second: ClosedRange<UInt8> = 0x80...0xbf
        switch lead {
        case 0xc2...0xdf: length = 2
        case 0xe0: (length, second) = (3, 0xa0...0xbf)
        case 0xed: (length, second) = (3, 0x80...0x9f)
        case 0xe1...0xef: length = 3
        case 0xf0: (length, second) = (4, 0x90...0xbf)
        case 0xf1...0xf3: length = 4
        case 0xf4: (length, second) = (4, 0x80...0x8f)
        default: throw .malformed(at: position, "a string that isn't UTF-8")
        }
        for offset in 1..<length {
            guard position + offset < bytes.byteCount else { throw .incomplete }
            guard (offset == 1 ? second : 0x80...0xbf).contains(bytes.byte(at: position + offset)) else {
                throw .malformed(at: position, "a string that isn't UTF-8")
            }
        }
        position += length
    }
}

extension UInt8 {
    /// The value of a hexadecimal digit; nil where this isn't one.
    @inline(__always)
    var hexadecimalDigit: UInt8? {
        switch self {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): self - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): self - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): self - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}

extension RawSpan {
    /// Reads a number of eight hexadecimal digits, all at a time; nil where there are others, traps where fewer.
    func hexadecimalNumber(at offset: Int) -> UInt32? {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let highBits = ones &* 0x80
        let text = word(at: offset)
        guard text & highBits == 0 else { return nil }
        // No sum below carries into the next byte, since no byte has its high bit set. Each sets that bit of its bytes
        // which are a digit from 0 to 9, or a letter from a to f.
        let digits = ~((text ^ (ones &* 0x30)) &+ ones &* (0x7f - 9)) & highBits
        let letterNumbers = (text | ones &* 0x20) ^ (ones &* 0x60)
        let letters = (letterNumbers &+ ones &* 0x7f) & ~(letterNumbers &+ ones &* (0x7f - 6)) & highBits
        guard digits | letters == highBits else { return nil }
        let nibbles = (text & (ones &* 0x0f)) &+ (letters >> 7) &* 9
        // Two nibbles make a byte, and the first byte is the highest.
        let pairs = (nibbles << 4 | nibbles >> 8) & 0x00ff_00ff_00ff_00ff
        let quadruples = (pairs | pairs >> 8) & 0x0000_ffff_0000_ffff
        return UInt32(truncatingIfNeeded: quadruples | quadruples >> 16).byteSwapped
    }
}
