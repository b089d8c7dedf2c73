import CouchDB
import Foundation

/// A selector in the form of CouchDB's `_find`: fields that must be equal, and the usual operators.
///
/// Understood are `$eq $ne $gt $gte $lt $lte $in $nin $exists $type $and $or $nor $not $all $elemMatch`, and dots in field names.
package struct MangoSelector: Sendable, Hashable {
    let value: JSONValue

    /// Reads a selector.
    ///
    /// - Throws: ``RestoreError`` with code `bad-selector`.
    package init(_ text: String) throws {
        // Whatever is wrong with the text, the answer is the same.
        guard let value = try? JSONValue(parsing: Data(text.utf8)), value.object != nil else {
            throw RestoreError(
                .badSelector, "the selector is not a JSON object",
                next: #"write it like {"type": "order", "year": {"$gte": 2025}}"#)
        }
        self.value = value
        if let unknown = Self.unknownOperator(value) {
            throw RestoreError(
                .badSelector, "the selector has the operator \(unknown), which is not understood",
                next: "use \(Self.operators.sorted().joined(separator: " "))")
        }
    }

    /// The selector as JSON.
    var text: String { String(decoding: value.serialized(), as: UTF8.self) }

    /// Whether a document is matched.
    package func matches(_ document: JSONValue) -> Bool { Self.matches(document, value) }

    private static let operators: Set<String> = [
        "$eq", "$ne", "$gt", "$gte", "$lt", "$lte", "$in", "$nin", "$exists", "$type", "$and", "$or", "$nor", "$not",
        "$all",
        "$elemMatch",
    ]

    private static func unknownOperator(_ value: JSONValue) -> String? {
        if let members = value.object {
            for (key, value) in members {
                if key.hasPrefix("$"), !operators.contains(key) { return key }
                if let unknown = unknownOperator(value) { return unknown }
            }
        }
        return value.array?.lazy.compactMap(unknownOperator).first
    }

    /// Whether a value has what a condition asks for, or is there and has not, where that is negated.
    ///
    /// nil is a field that isn't there. As in CouchDB it has nothing and lacks nothing: only `$exists` is true of it.
    private static func matches(_ value: JSONValue?, _ condition: JSONValue, negated: Bool = false) -> Bool {
        guard let members = condition.object, !members.isEmpty else {
            return value.map { ($0 == condition) != negated } ?? false
        }
        func part(_ key: String, _ wanted: JSONValue) -> Bool {
            key.hasPrefix("$")
                ? fulfils(value, key, wanted, negated: negated)
                : matches(value.flatMap { field(key, of: $0) }, wanted, negated: negated)
        }
        return negated ? members.contains { part($0, $1) } : members.allSatisfy { part($0, $1) }
    }

    private static func fulfils(_ value: JSONValue?, _ name: String, _ wanted: JSONValue, negated: Bool) -> Bool {
        func all(_ negated: Bool) -> Bool {
            (wanted.array ?? []).allSatisfy { matches(value, $0, negated: negated) }
        }
        func any(_ negated: Bool) -> Bool { (wanted.array ?? []).contains { matches(value, $0, negated: negated) } }
        switch name {
        case "$and": return negated ? any(true) : all(false)
        case "$or": return negated ? all(true) : any(false)
        case "$nor": return negated ? any(false) : all(true)
        case "$not": return matches(value, wanted, negated: !negated)
        case "$exists": return ((value != nil) == (wanted.bool ?? true)) != negated
        default: return value.map { compares($0, name, wanted) != negated } ?? false
        }
    }

    private static func compares(_ value: JSONValue, _ name: String, _ wanted: JSONValue) -> Bool {
        switch name {
        case "$eq": value == wanted
        case "$ne": value != wanted
        case "$in": isAmong(value, wanted)
        case "$nin": !isAmong(value, wanted)
        case "$all": (wanted.array ?? []).allSatisfy { (value.array ?? []).contains($0) }
        case "$elemMatch": (value.array ?? []).contains { matches($0, wanted) }
        case "$type": typeName(value) == wanted.string
        case "$gt": order(value, wanted) > 0
        case "$gte": order(value, wanted) >= 0
        case "$lt": order(value, wanted) < 0
        default: order(value, wanted) <= 0
        }
    }

    /// Of a list, one element is enough.
    private static func isAmong(_ value: JSONValue, _ wanted: JSONValue) -> Bool {
        (wanted.array ?? []).contains { wanted in value.array.map { $0.contains(wanted) } ?? (value == wanted) }
    }

    private static func field(_ path: String, of value: JSONValue) -> JSONValue? {
        if let member = value[path] { return member }
        return path.split(separator: ".").reduce(value as JSONValue?) { $0?[String($1)] }
    }

    /// The order of two values as CouchDB has it: by type, then by value. Strings are ordered by their code points, and not as
    /// a dictionary of some language would.
    private static func order(_ left: JSONValue, _ right: JSONValue) -> Int {
        let (leftRank, rightRank) = (rank(left), rank(right))
        guard leftRank == rightRank else { return leftRank < rightRank ? -1 : 1 }
        if let left = number(left), let right = number(right) { return left < right ? -1 : left > right ? 1 : 0 }
        if let left = left.string, let right = right.string { return left < right ? -1 : left > right ? 1 : 0 }
        if let left = left.array, let right = right.array {
            for (left, right) in zip(left, right) {
                let order = order(left, right)
                if order != 0 { return order }
            }
            return left.count < right.count ? -1 : left.count > right.count ? 1 : 0
        }
        // The order of objects would depend on that of their keys, which is not kept.
        return 0
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

    private static func typeName(_ value: JSONValue) -> String {
        if value.object != nil { return "object" }
        if value.array != nil { return "array" }
        if value.string != nil { return "string" }
        if value.bool != nil { return "boolean" }
        return number(value) != nil ? "number" : "null"
    }
}
