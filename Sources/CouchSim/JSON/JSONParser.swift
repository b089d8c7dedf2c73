import Foundation

/// Reads one JSON text, strictly, as CouchDB's jiffy does.
struct JSONParser {
    /// The text isn't JSON.
    struct Invalid: Error {}

    private let bytes: [UInt8]
    private var position = 0
    private var depth = 0

    /// Reads a whole text.
    static func parse(_ bytes: [UInt8]) throws(Invalid) -> OrderedJSON {
        guard String(validating: bytes, as: UTF8.self) != nil else { throw Invalid() }
        var parser = JSONParser(bytes: bytes)
        let value = try parser.value()
        parser.skipSpace()
        guard parser.position == bytes.count else { throw Invalid() }
        return value
    }

    private init(bytes: [UInt8]) { self.bytes = bytes }

    private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

    private mutating func skipSpace() {
        while let byte = next, byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D { position += 1 }
    }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard next == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    private mutating func value() throws(Invalid) -> OrderedJSON {
        skipSpace()
        guard let byte = next else { throw Invalid() }
        switch byte {
        case UInt8(ascii: "{"): return try nested { parser throws(Invalid) in try parser.object() }
        case UInt8(ascii: "["): return try nested { parser throws(Invalid) in try parser.array() }
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        default: return try number()
        }
    }

    private mutating func nested(
        _ body: (inout JSONParser) throws(Invalid) -> OrderedJSON
    ) throws(Invalid) -> OrderedJSON {
        depth += 1
        defer { depth -= 1 }
        // A document this deep is an attack on the parser's stack.
        guard depth < 500 else { throw Invalid() }
        position += 1
        return try body(&self)
    }

    private mutating func object() throws(Invalid) -> OrderedJSON {
        var members: [OrderedJSON.Member] = []
        skipSpace()
        if take("}") { return .object(members) }
        while true {
            skipSpace()
            guard next == UInt8(ascii: "\"") else { throw Invalid() }
            let name = try string()
            skipSpace()
            guard take(":") else { throw Invalid() }
            members.append(OrderedJSON.Member(name, try value()))
            skipSpace()
            if take("}") { return .object(members) }
            guard take(",") else { throw Invalid() }
        }
    }

    private mutating func array() throws(Invalid) -> OrderedJSON {
        var elements: [OrderedJSON] = []
        skipSpace()
        if take("]") { return .array(elements) }
        while true {
            elements.append(try value())
            skipSpace()
            if take("]") { return .array(elements) }
            guard take(",") else { throw Invalid() }
        }
    }

    private mutating func word(_ text: StaticString, _ value: OrderedJSON) throws(Invalid) -> OrderedJSON {
        let end = position + text.utf8CodeUnitCount
        guard end <= bytes.count, bytes[position..<end].elementsEqual("\(text)".utf8) else { throw Invalid() }
        position = end
        return value
    }

    private mutating func number() throws(Invalid) -> OrderedJSON {
        let start = position
        var isFraction = false
        while let byte = next {
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "+"): break
            case UInt8(ascii: "."), UInt8(ascii: "e"), UInt8(ascii: "E"): isFraction = true
            default: return try number(bytes[start..<position], isFraction: isFraction)
            }
            position += 1
        }
        return try number(bytes[start..<position], isFraction: isFraction)
    }

    private func number(_ digits: ArraySlice<UInt8>, isFraction: Bool) throws(Invalid) -> OrderedJSON {
        let text = String(decoding: digits, as: UTF8.self)
        let magnitude = text.hasPrefix("-") ? text.dropFirst() : text[...]
        guard let first = magnitude.first, first.isNumber, first != "0" || magnitude.dropFirst().first?.isNumber != true
        else { throw Invalid() }
        if isFraction {
            guard let value = Double(text), value.isFinite, !text.hasSuffix("."), !text.contains(".e") else {
                throw Invalid()
            }
            return .float(value)
        }
        if let value = Int(text) { return .integer(value) }
        guard magnitude.allSatisfy(\.isNumber) else { throw Invalid() }
        return .bigInteger(text)
    }

    private mutating func string() throws(Invalid) -> String {
        position += 1
        let start = position
        while let byte = next, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\") {
            guard byte >= 0x20 else { throw Invalid() }
            position += 1
        }
        var text = bytes[start..<position]
        while let byte = next {
            position += 1
            switch byte {
            case UInt8(ascii: "\""): return String(decoding: text, as: UTF8.self)
            case UInt8(ascii: "\\"): text.append(contentsOf: try escape().utf8)
            case 0..<0x20: throw Invalid()
            default: text.append(byte)
            }
        }
        throw Invalid()
    }

    private mutating func escape() throws(Invalid) -> String {
        guard let byte = next else { throw Invalid() }
        position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return String(UnicodeScalar(byte))
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{c}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"):
            let unit = try hexadecimal()
            guard UTF16.isLeadSurrogate(unit) else {
                guard let scalar = UnicodeScalar(unit) else { throw Invalid() }
                return String(Character(scalar))
            }
            guard take("\\"), take("u") else { throw Invalid() }
            let low = try hexadecimal()
            guard UTF16.isTrailSurrogate(low) else { throw Invalid() }
            return String(decoding: [unit, low], as: UTF16.self)
        default: throw Invalid()
        }
    }

    private mutating func hexadecimal() throws(Invalid) -> UInt16 {
        guard position + 4 <= bytes.count,
            let unit = UInt16(String(decoding: bytes[position..<position + 4], as: UTF8.self), radix: 16)
        else { throw Invalid() }
        position += 4
        return unit
    }
}
