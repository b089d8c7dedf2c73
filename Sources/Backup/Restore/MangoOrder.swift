import CouchDB

/// The order of JSON values as CouchDB's `_find` has it (`couch_ejson_compare:less/2`): by type, then by value, texts as
/// ICU's root collation orders them.
enum MangoOrder {
    /// Negative, zero or positive; nil where it can't be told here.
    static func of(_ left: JSONValue, _ right: JSONValue) -> Int? {
        let (leftRank, rightRank) = (rank(left), rank(right))
        guard leftRank == rightRank else { return leftRank < rightRank ? -1 : 1 }
        if let left = number(left), let right = number(right) { return compare(left, right) }
        if let left = left.string, let right = right.string { return ofTexts(left, right) }
        if let left = left.array, let right = right.array {
            for (left, right) in zip(left, right) {
                let order = of(left, right)
                if order != 0 { return order }
            }
            return compare(left.count, right.count)
        }
        guard let left = left.object, let right = right.object else { return 0 }
        // It depends on the order of their members, which is not kept.
        if left.isEmpty || right.isEmpty { return compare(left.count, right.count) }
        return left == right ? 0 : nil
    }

    /// The order of a document's id, which is compared by its bytes, and is behind everything that is no text.
    static func ofIDs(_ id: JSONValue, _ other: JSONValue) -> Int? {
        guard let id = id.string, let other = other.string else { return 1 }
        return id.utf8.elementsEqual(other.utf8) ? 0 : id.utf8.lexicographicallyPrecedes(other.utf8) ? -1 : 1
    }

    static func areEqual(_ left: JSONValue, _ right: JSONValue) -> Bool {
        if let left = number(left), let right = number(right) { return left == right }
        if let left = left.array, let right = right.array {
            return left.count == right.count && zip(left, right).allSatisfy { areEqual($0, $1) }
        }
        return left == right
    }

    /// The order of two texts, where ASCII characters decide it: of others only the server's own ICU knows.
    static func ofTexts(_ left: String, _ right: String) -> Int? {
        if left == right { return 0 }
        var ofCase = 0
        var (left, right) = (left.unicodeScalars.makeIterator(), right.unicodeScalars.makeIterator())
        while true {
            let (a, b) = (left.next(), right.next())
            // Letters that differ in their case alone count only where nothing else does.
            guard let a, let b else { return isKnown(a) && isKnown(b) ? a != nil ? 1 : b != nil ? -1 : ofCase : nil }
            guard let first = place[lower(a)], let second = place[lower(b)] else { return nil }
            if first != second { return compare(first, second) }
            if ofCase == 0, a != b { ofCase = a == lower(a) ? -1 : 1 }
        }
    }

    /// Characters in their order. Left out are those that count little or nothing, and ` and ^, which older versions of ICU
    /// have elsewhere.
    private static let place = Dictionary(
        uniqueKeysWithValues: #" _-,;:!?.'"()[]{}@*/\&#%+<=>|~$0123456789abcdefghijklmnopqrstuvwxyz"#.unicodeScalars
            .enumerated().map { ($1, $0) })

    /// Whether a text's next character, or its end, has a known place: an accent that follows counts less than a letter.
    private static func isKnown(_ character: Unicode.Scalar?) -> Bool {
        character.map { place[lower($0)] != nil } ?? true
    }

    private static func lower(_ character: Unicode.Scalar) -> Unicode.Scalar {
        ("A"..."Z").contains(character) ? Unicode.Scalar(UInt8(character.value) + 32) : character
    }

    private static func compare<Value: Comparable>(_ left: Value, _ right: Value) -> Int {
        left < right ? -1 : left > right ? 1 : 0
    }

    private static func rank(_ value: JSONValue) -> Int {
        switch value {
        case .null: 0
        case .bool(let value): value ? 2 : 1
        case .integer, .number: 3
        case .string: 4
        case .array: 5
        case .object: 6
        }
    }

    private static func number(_ value: JSONValue) -> Double? {
        switch value {
        case .integer(let number): Double(number)
        case .number(let number): number
        default: nil
        }
    }
}
