/// A number as CouchDB holds it: whole numbers of any length, and apart from them floating-point numbers.
enum JSONNumber {
    case integer(Int)
    /// A whole number that no `Int` holds, as its digits without leading zeros.
    case bigInteger(digits: [UInt8], isNegative: Bool)
    case float(Double)

    /// A longer number would take seconds to be converted.
    private static let mostDigits = 100_000

    /// Reads a number of which the grammar was checked.
    ///
    /// - Parameter offset: where it is, for errors.
    /// - Throws: where it is beyond what a `Double` holds, or of very many digits.
    init(_ text: RawSpan, at offset: Int) throws(JSONFault) {
        guard text.byteCount <= Self.mostDigits else {
            throw .malformed(at: offset, "a number of \(text.byteCount) characters")
        }
        let bytes = text.withUnsafeBytes { Array($0) }
        let isFloat = bytes.contains { $0 == UInt8(ascii: ".") || $0 | 0x20 == UInt8(ascii: "e") }
        let digits = String(decoding: bytes, as: UTF8.self)
        if !isFloat {
            let isNegative = bytes.first == UInt8(ascii: "-")
            self =
                Int(digits).map { .integer($0) }
                ?? .bigInteger(digits: Array(isNegative ? bytes.dropFirst() : bytes[...]), isNegative: isNegative)
        } else if let value = Double(digits), value.isFinite {
            self = .float(value)
        } else {
            throw .malformed(at: offset, "a number beyond 64-bit floating point")
        }
    }
}
