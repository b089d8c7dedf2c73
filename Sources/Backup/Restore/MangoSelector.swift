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

    /// Whether a value has what a condition asks for; nil is a field that isn't there.
    private static func matches(_ value: JSONValue?, _ condition: JSONValue) -> Bool {
        guard let members = condition.object, !members.isEmpty else { return value == condition }
        return members.allSatisfy { key, wanted in
            key.hasPrefix("$") ? fulfils(value, key, wanted) : matches(value.flatMap { field(key, of: $0) }, wanted)
        }
    }

    private static func fulfils(_ value: JSONValue?, _ name: String, _ wanted: JSONValue) -> Bool {
        switch name {
        case "$and": return (wanted.array ?? []).allSatisfy { matches(value, $0) }
        case "$or": return (wanted.array ?? []).contains { matches(value, $0) }
        case "$nor": return !(wanted.array ?? []).contains { matches(value, $0) }
        case "$not": return !matches(value, wanted)
        case "$exists": return (value != nil) == (wanted.bool ?? true)
        default: break
        }
        guard let value else { return false }
        switch name {
        case "$eq": return value == wanted
        case "$ne": return value != wanted
        case "$in": return (wanted.array ?? []).contains(value)
        case "$nin": return !(wanted.array ?? []).contains(value)
        case "$all": return (wanted.array ?? []).allSatisfy { (value.array ?? []).contains($0) }
        case "$elemMatch": return (value.array ?? []).contains { matches($0, wanted) }
        case "$type": return typeName(value) == wanted.string
        default:
            let order = order(value, wanted)
            switch name {
            case "$gt": return order > 0
            case "$gte": return order >= 0
            case "$lt": return order < 0
            default: return order <= 0
            }
        }
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
