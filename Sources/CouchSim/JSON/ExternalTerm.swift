/// Erlang's external term format, as far as a revision's hash needs it.
struct ExternalTerm {
    private(set) var bytes: [UInt8] = []

    mutating func version() { bytes.append(131) }

    mutating func atom(_ name: String) {
        bytes.append(100)
        append16(name.utf8.count)
        bytes.append(contentsOf: name.utf8)
    }

    mutating func binary(_ content: some Collection<UInt8>) {
        bytes.append(109)
        append32(content.count)
        bytes.append(contentsOf: content)
    }

    mutating func tuple(_ count: Int) {
        bytes.append(104)
        bytes.append(UInt8(truncatingIfNeeded: count))
    }

    /// The head of a list of that many elements; ``listEnd()`` follows the elements.
    mutating func list(_ count: Int) {
        guard count > 0 else { return }
        bytes.append(108)
        append32(count)
    }

    mutating func listEnd() { bytes.append(106) }

    mutating func integer(_ value: Int) {
        switch value {
        case 0...255:
            bytes.append(97)
            bytes.append(UInt8(value))
        case Int(Int32.min)...Int(Int32.max):
            bytes.append(98)
            append32(value)
        default:
            var magnitude = value.magnitude
            var digits: [UInt8] = []
            while magnitude > 0 {
                digits.append(UInt8(truncatingIfNeeded: magnitude))
                magnitude >>= 8
            }
            big(digits, isNegative: value < 0)
        }
    }

    mutating func bigInteger(_ text: String) {
        // Divide the decimal digits by 256 again and again: documents with such numbers are rare and small.
        var decimal = text.utf8.filter { $0 != UInt8(ascii: "-") }.map { Int($0 - UInt8(ascii: "0")) }
        var digits: [UInt8] = []
        while !decimal.isEmpty {
            var remainder = 0
            var quotient: [Int] = []
            for digit in decimal {
                let value = remainder * 10 + digit
                if !quotient.isEmpty || value >= 256 { quotient.append(value / 256) }
                remainder = value % 256
            }
            digits.append(UInt8(remainder))
            decimal = quotient
        }
        big(digits, isNegative: text.hasPrefix("-"))
    }

    mutating func float(_ value: Double) {
        bytes.append(70)
        for shift in stride(from: 56, through: 0, by: -8) {
            bytes.append(UInt8(truncatingIfNeeded: value.bitPattern >> UInt64(shift)))
        }
    }

    mutating func json(_ value: OrderedJSON) {
        switch value {
        case .null, .raw: atom("null")
        case .bool(let value): atom(value ? "true" : "false")
        case .integer(let value): integer(value)
        case .bigInteger(let digits): bigInteger(digits)
        case .float(let value): float(value)
        case .string(let text): binary(text.utf8)
        case .array(let elements): array(elements)
        case .object(let members): object(members)
        }
    }

    mutating func object(_ members: some Collection<OrderedJSON.Member>) {
        tuple(1)
        list(members.count)
        for member in members {
            tuple(2)
            binary(member.name.utf8)
            json(member.value)
        }
        listEnd()
    }

    private mutating func array(_ elements: [OrderedJSON]) {
        let small = elements.compactMap { element -> UInt8? in element.integer.flatMap { UInt8(exactly: $0) } }
        if small.count == elements.count, !small.isEmpty, small.count <= 65535 {
            // To Erlang, a list of small integers is a string.
            bytes.append(107)
            append16(small.count)
            bytes.append(contentsOf: small)
            return
        }
        list(elements.count)
        for element in elements { json(element) }
        listEnd()
    }

    private mutating func big(_ digits: [UInt8], isNegative: Bool) {
        bytes.append(110)
        bytes.append(UInt8(truncatingIfNeeded: digits.count))
        bytes.append(isNegative ? 1 : 0)
        bytes.append(contentsOf: digits)
    }

    private mutating func append16(_ value: Int) {
        bytes.append(UInt8(truncatingIfNeeded: value >> 8))
        bytes.append(UInt8(truncatingIfNeeded: value))
    }

    private mutating func append32(_ value: Int) {
        for shift in stride(from: 24, through: 0, by: -8) { bytes.append(UInt8(truncatingIfNeeded: value >> shift)) }
    }
}
