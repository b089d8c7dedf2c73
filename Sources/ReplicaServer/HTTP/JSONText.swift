import CouchDB
import Foundation

/// JSON that is put together from pieces that are JSON already.
struct JSONText: Sendable, Hashable {
    private(set) var bytes: Data

    init() { bytes = Data() }
    init(_ literal: StaticString) { bytes = literal.withUTF8Buffer { Data($0) } }

    mutating func append(_ literal: StaticString) {
        literal.withUTF8Buffer { bytes.append(contentsOf: $0) }
    }

    mutating func append(_ number: Int) { bytes.append(contentsOf: "\(number)".utf8) }
    mutating func append(value: JSONValue) { bytes.append(value.serialized()) }
    mutating func append(json: Data) { bytes.append(json) }

    /// Adds a string with its quotation marks; only what must be is escaped.
    mutating func append(string text: String) {
        bytes.append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                bytes.append(UInt8(ascii: "\\"))
                bytes.append(byte)
            case 0..<0x20:
                let digits = String(byte, radix: 16)
                bytes.append(contentsOf: "\\u\(String(repeating: "0", count: 4 - digits.utf8.count))\(digits)".utf8)
            default: bytes.append(byte)
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }

    /// Adds an array of strings.
    mutating func append(strings: some Sequence<String>) {
        append("[")
        for (index, text) in strings.enumerated() {
            if index > 0 { append(",") }
            append(string: text)
        }
        append("]")
    }
}
