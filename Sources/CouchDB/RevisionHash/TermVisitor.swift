/// Writes a JSON value as the Erlang term that CouchDB makes of it: an object is `{[{Key, Value}, …]}`.
struct TermVisitor: JSONVisitor {
    private struct Container {
        /// Where the head of its list is.
        var head: Int
        var isObject: Bool
        var count = 0
        var isBytes = true
    }

    var term: ExternalTerm
    /// Where the sign of each floating-point zero is.
    private(set) var zeros: [Int] = []
    private var containers: [Container] = []

    init(_ term: ExternalTerm) { self.term = term }

    /// Counts a value as an element of the array that it is in.
    private mutating func count(isByte: Bool = false) {
        guard let last = containers.indices.last, !containers[last].isObject else { return }
        containers[last].count += 1
        if !isByte { containers[last].isBytes = false }
    }

    mutating func beginObject() {
        count()
        term.tuple(1)
        containers.append(Container(head: term.beginList(), isObject: true))
    }

    mutating func beginArray() {
        count()
        containers.append(Container(head: term.beginList(), isObject: false))
    }

    mutating func endObject() { end() }
    mutating func endArray() { end() }

    private mutating func end() {
        guard let container = containers.popLast() else { return }
        term.endList(
            at: container.head, count: container.count, isBytes: container.isBytes && !container.isObject)
    }

    mutating func key(_ key: JSONString, in bytes: RawSpan) throws(JSONFault) {
        if let last = containers.indices.last { containers[last].count += 1 }
        term.tuple(2)
        try write(key, in: bytes)
    }

    mutating func string(_ string: JSONString, in bytes: RawSpan) throws(JSONFault) {
        count()
        try write(string, in: bytes)
    }

    private mutating func write(_ string: JSONString, in bytes: RawSpan) throws(JSONFault) {
        if string.hasEscapes {
            term.binary(try string.text(in: bytes).utf8)
        } else {
            term.binary(bytes.extracting(string.range))
        }
    }

    mutating func literal(_ literal: JSONLiteral) {
        count()
        term.atom(literal.rawValue)
    }

    mutating func number(_ number: RawSpan, at offset: Int) throws(JSONFault) {
        switch try JSONNumber(number, at: offset) {
        case .integer(let value):
            count(isByte: (0...255).contains(value))
            term.integer(value)
        case .bigInteger(let digits, let isNegative):
            count()
            term.bigInteger(digits: digits[...], isNegative: isNegative)
        case .float(let value):
            count()
            term.float(value)
            if value == 0 { zeros.append(term.bytes.count - 8) }
        }
    }
}
