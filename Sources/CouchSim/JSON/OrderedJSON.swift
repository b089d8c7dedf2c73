/// A JSON value that keeps what CouchDB keeps: the order of an object's members, members given twice, whole numbers of
/// any length apart from fractions.
enum OrderedJSON: Sendable, Hashable {
    case null
    case bool(Bool)
    case integer(Int)
    /// A whole number that doesn't fit into 64 bits, as its digits.
    case bigInteger(String)
    case float(Double)
    case string(String)
    case array([OrderedJSON])
    case object([Member])
    /// A text that is known to be JSON, such as a stored document's, put into an answer as it is.
    case raw([UInt8])

    /// One member of an object.
    struct Member: Sendable, Hashable {
        var name: String
        var value: OrderedJSON

        init(_ name: String, _ value: OrderedJSON) {
            self.name = name
            self.value = value
        }
    }
}

extension OrderedJSON {
    /// The last member of that name, as in most JSON libraries.
    subscript(name: String) -> OrderedJSON? { members?.last { $0.name == name }?.value }

    var members: [Member]? {
        guard case .object(let members) = self else { return nil }
        return members
    }

    var elements: [OrderedJSON]? {
        guard case .array(let elements) = self else { return nil }
        return elements
    }

    var string: String? {
        guard case .string(let value) = self else { return nil }
        return value
    }

    var integer: Int? {
        guard case .integer(let value) = self else { return nil }
        return value
    }

    var bool: Bool? {
        guard case .bool(let value) = self else { return nil }
        return value
    }
}

extension OrderedJSON: ExpressibleByStringLiteral, ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral,
    ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral, ExpressibleByNilLiteral
{
    init(stringLiteral value: String) { self = .string(value) }
    init(booleanLiteral value: Bool) { self = .bool(value) }
    init(integerLiteral value: Int) { self = .integer(value) }
    init(arrayLiteral elements: OrderedJSON...) { self = .array(elements) }
    init(dictionaryLiteral elements: (String, OrderedJSON)...) {
        self = .object(elements.map { Member($0.0, $0.1) })
    }
    init(nilLiteral: ()) { self = .null }
}

extension OrderedJSON {
    /// A string, or `null`.
    init(_ text: String?) { self = text.map { .string($0) } ?? .null }

    /// Appends a member to an object; nothing happens to any other value.
    mutating func append(_ name: String, _ value: OrderedJSON) {
        guard case .object(var members) = self else { return }
        self = .null
        members.append(Member(name, value))
        self = .object(members)
    }
}
