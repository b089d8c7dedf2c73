/// Finds where a value ends whose bytes arrive in pieces, looking at each byte once.
///
/// It only counts brackets and knows strings; whether the value is JSON is for ``JSONCursor`` to say once it is whole.
struct JSONBoundary {
    private enum State { case start, scalar, container, string, escape }
    private var state = State.start
    private var depth = 0
    /// The offset from which to go on.
    private var next: Int

    init(at offset: Int) { next = offset }

    /// Looks at the bytes that are new, and tells whether the value is whole now.
    ///
    /// `bytes` must begin where they began before, and hold at least what they held.
    mutating func advance(over bytes: RawSpan) -> Bool {
        while next < bytes.byteCount {
            if state == .string { skipPlainText(in: bytes) }
            guard next < bytes.byteCount else { return false }
            let byte = bytes.byte(at: next)
            switch (state, byte) {
            case (.string, UInt8(ascii: "\"")):
                if depth == 0 { return true }
                state = .container
            case (.string, UInt8(ascii: "\\")): state = .escape
            // No string holds a control character: waiting for its end would swallow what follows the broken value.
            case (.string, 0..<0x20): return true
            case (.string, _): break
            case (.escape, _): state = .string
            case (_, UInt8(ascii: "\"")): state = .string
            case (_, UInt8(ascii: "{")), (_, UInt8(ascii: "[")):
                depth += 1
                state = .container
            case (.container, UInt8(ascii: "}")), (.container, UInt8(ascii: "]")):
                depth -= 1
                if depth == 0 { return true }
            case (.container, _): break
            case (.start, 0x20), (.start, 0x0a), (.start, 0x0d), (.start, 0x09): break
            case (.scalar, 0x20), (.scalar, 0x0a), (.scalar, 0x0d), (.scalar, 0x09), (.scalar, UInt8(ascii: ",")),
                (.scalar, UInt8(ascii: "}")), (.scalar, UInt8(ascii: "]")):
                return true
            case (.start, _), (.scalar, _): state = .scalar
            }
            next += 1
        }
        return false
    }

    private mutating func skipPlainText(in bytes: RawSpan) {
        let ones: UInt64 = 0x0101_0101_0101_0101
        while bytes.byteCount - next >= 8 {
            let word = bytes.word(at: next)
            let quotes = word ^ (ones &* UInt64(UInt8(ascii: "\"")))
            let backslashes = word ^ (ones &* UInt64(UInt8(ascii: "\\")))
            let special =
                ((quotes &- ones) & ~quotes | (backslashes &- ones) & ~backslashes | (word &- ones &* 0x20) & ~word)
                & (ones &* 0x80)
            guard special == 0 else {
                next += special.trailingZeroBitCount >> 3
                return
            }
            next += 8
        }
    }
}
