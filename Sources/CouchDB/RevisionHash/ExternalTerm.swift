/// Bytes in Erlang's external term format with minor version 1, as far as a revision's hash needs it
/// (https://www.erlang.org/doc/apps/erts/erl_ext_dist).
struct ExternalTerm {
    private(set) var bytes: [UInt8]

    /// A term that begins with the version.
    init() { bytes = [131] }

    /// A term of which these bytes were written before.
    init(continuing bytes: [UInt8]) { self.bytes = bytes }

    mutating func atom(_ name: String) {
        bytes.append(100)
        append16(name.utf8.count)
        bytes.append(contentsOf: name.utf8)
    }

    mutating func binary(_ content: some Collection<UInt8>) {
        beginBinary(count: content.count)
        bytes.append(contentsOf: content)
    }

    mutating func binary(_ content: RawSpan) {
        beginBinary(count: content.byteCount)
        content.withUnsafeBytes { bytes.append(contentsOf: $0) }
    }

    private mutating func beginBinary(count: Int) {
        bytes.append(109)
        append32(count)
    }

    mutating func tuple(_ count: UInt8) {
        bytes.append(104)
        bytes.append(count)
    }

    mutating func float(_ value: Double) {
        bytes.append(70)
        for shift in stride(from: 56, through: 0, by: -8) {
            bytes.append(UInt8(truncatingIfNeeded: value.bitPattern >> UInt64(shift)))
        }
    }

    mutating func integer(_ value: Int) {
        switch value {
        case 0...255:
            bytes.append(97)
            bytes.append(UInt8(value))
        case Int(Int32.min)...Int(Int32.max):
            bytes.append(98)
            append32(value)
        default:
            big(limbs: [UInt64(value.magnitude)], isNegative: value < 0)
        }
    }

    /// A whole number that no `Int` holds, as its decimal digits.
    mutating func bigInteger(digits: ArraySlice<UInt8>, isNegative: Bool) {
        // Eighteen digits at a time: the most whose power of ten leaves the carry below a word.
        var limbs: [UInt64] = []
        var position = digits.startIndex
        while position < digits.endIndex {
            let end = min(position + 18, digits.endIndex)
            var (factor, carry): (UInt64, UInt64) = (1, 0)
            for digit in digits[position..<end] {
                factor *= 10
                carry = carry * 10 + UInt64(digit - UInt8(ascii: "0"))
            }
            for index in limbs.indices {
                let product = limbs[index].multipliedFullWidth(by: factor)
                let (sum, overflows) = product.low.addingReportingOverflow(carry)
                limbs[index] = sum
                carry = product.high + (overflows ? 1 : 0)
            }
            if carry > 0 { limbs.append(carry) }
            position = end
        }
        big(limbs: limbs, isNegative: isNegative)
    }

    private mutating func big(limbs: [UInt64], isNegative: Bool) {
        var magnitude = limbs.flatMap { limb in (0..<8).map { UInt8(truncatingIfNeeded: limb >> (8 * UInt64($0))) } }
        while magnitude.last == 0 { magnitude.removeLast() }
        if let count = UInt8(exactly: magnitude.count) {
            bytes.append(110)
            bytes.append(count)
        } else {
            bytes.append(111)
            append32(magnitude.count)
        }
        bytes.append(isNegative ? 1 : 0)
        bytes.append(contentsOf: magnitude)
    }

    /// The head of a list, whose end gives it its length.
    ///
    /// - Returns: where it is, for ``endList(at:count:isBytes:)``.
    mutating func beginList() -> Int {
        bytes.append(108)
        append32(0)
        return bytes.count - Self.listHead
    }

    /// Ends a list of so many elements.
    ///
    /// - Parameter isBytes: whether all elements are integers from 0 to 255, which makes it a string to Erlang.
    mutating func endList(at head: Int, count: Int, isBytes: Bool = false) {
        if count == 0 {
            bytes.removeSubrange(head...)
        } else if isBytes, count <= Self.longestString {
            bytes[head] = 107
            bytes[head + 1] = UInt8(truncatingIfNeeded: count >> 8)
            bytes[head + 2] = UInt8(truncatingIfNeeded: count)
            // Each element stands there as a tag and the byte.
            for index in 0..<count { bytes[head + 3 + index] = bytes[head + Self.listHead + 2 * index + 1] }
            bytes.removeSubrange((head + 3 + count)...)
            return
        } else {
            for index in 0..<4 { bytes[head + 1 + index] = UInt8(truncatingIfNeeded: count >> (24 - 8 * index)) }
        }
        bytes.append(106)
    }

    private static let listHead = 5
    private static let longestString = 65535

    private mutating func append16(_ value: Int) {
        bytes.append(UInt8(truncatingIfNeeded: value >> 8))
        bytes.append(UInt8(truncatingIfNeeded: value))
    }

    private mutating func append32(_ value: Int) {
        for shift in stride(from: 24, through: 0, by: -8) { bytes.append(UInt8(truncatingIfNeeded: value >> shift)) }
    }
}
