import CouchDB
import Foundation

/// A selector in the form of CouchDB's `_find`: fields that must be equal, and the usual operators.
///
/// Understood are ``operators``, and no others; dots in field names lead into objects and lists, and `\.` is a dot of a
/// name. Other than `_find`, it is asked of design documents too.
package struct MangoSelector: Sendable, Hashable {
    /// The operators that are understood, for help and documentation.
    package static let operators =
        "$eq $ne $gt $gte $lt $lte $in $nin $exists $type $and $or $nor $not $all $elemMatch"

    let value: JSONValue
    /// nil for a selector that no document fails.
    private let condition: MangoCondition?

    /// Reads a selector.
    ///
    /// - Throws: ``RestoreError`` with code `bad-selector`.
    package init(_ text: String) throws {
        // Whatever is wrong with the text, the answer is the same.
        guard let value = try? JSONValue(parsing: Data(text.utf8)), let members = value.object else {
            throw RestoreError(
                .badSelector, "the selector is not a JSON object",
                next: #"write it like {"type": "order", "year": {"$gte": 2025}}"#)
        }
        self.value = value
        condition = members.isEmpty ? nil : try MangoCondition(selector: value)
    }

    /// The selector as JSON.
    var text: String { String(decoding: value.serialized(), as: UTF8.self) }

    /// Whether a document is matched.
    ///
    /// - Throws: ``RestoreError`` where it would depend on an order of texts that nobody knows but the server.
    package func matches(_ document: JSONValue) throws -> Bool {
        switch condition {
        case nil: true
        // Alone they choose no document, as CouchDB 3.5.0 has it; among others they fail none.
        case .all([])?, .any([])?: false
        case let condition?: try condition.holds(of: document)
        }
    }

    /// Whether a document is matched, of which only the members are read that the selector names; nil where one of them
    /// can't be read.
    ///
    /// - Throws: ``RestoreError`` as ``matches(_:)``.
    func matches(bytes document: Data) throws -> Bool? {
        let names: Set<String>? = if let condition { condition.topLevelNames } else { [] }
        // Whatever is wrong with the document, nobody can tell.
        guard let members = try? JSONMembers(of: document) else { return nil }
        var values: [String: JSONValue] = [:]
        for member in members.members {
            guard let key = member.key, names?.contains(key) ?? true else { continue }
            guard let value = try? JSONValue(parsing: members.value(of: member)) else { return nil }
            values[key] = value
        }
        return try matches(.object(values))
    }
}

extension MangoCondition {
    /// The members of a document that it asks for; nil where it asks for the whole.
    fileprivate var topLevelNames: Set<String>? {
        switch self {
        case .all(let parts), .any(let parts):
            var names: Set<String> = []
            for part in parts {
                guard let more = part.topLevelNames else { return nil }
                names.formUnion(more)
            }
            return names
        case .not(let part): return part.topLevelNames
        case .field(let path, _): return path.first.map { [$0] }
        }
    }

    /// Whether it is true of a document or a part of one (`mango_selector:match/3`).
    func holds(of value: JSONValue) throws -> Bool {
        switch self {
        case .all(let parts): try parts.allSatisfy { try $0.holds(of: value) }
        case .any(let parts): try parts.isEmpty || parts.contains { try $0.holds(of: value) }
        case .not(let part): try !part.holds(of: value)
        case .field(let path, let test):
            switch Self.look(for: path, in: value) {
            case .value(let value): try test.holds(of: value, isID: path == ["_id"])
            case .notFound: test.name == "$exists" && test.argument == .bool(false)
            case .noPlace: false
            }
        }
    }

    private enum Found {
        case value(JSONValue)
        case notFound
        /// A path that goes on where there is neither an object nor such an element of a list.
        case noPlace
    }

    private static func look(for path: [String], in value: JSONValue) -> Found {
        var value = value
        for name in path {
            if let members = value.object {
                guard let member = members[name] else { return .notFound }
                value = member
            } else if let elements = value.array, let index = Int(name), elements.indices.contains(index) {
                value = elements[index]
            } else {
                return .noPlace
            }
        }
        return .value(value)
    }
}

extension MangoCondition.Test {
    fileprivate func holds(of value: JSONValue, isID: Bool) throws -> Bool {
        func order() throws -> Int {
            guard let order = isID ? MangoOrder.ofIDs(value, argument) : MangoOrder.of(value, argument) else {
                throw RestoreError(
                    .badSelector,
                    "the selector asks for the order of \(text(value)) and \(text(argument)), which CouchDB's collation decides",
                    next: "compare numbers, dates or text of ASCII characters, or ask for equality")
            }
            return order
        }
        let list = argument.array ?? []
        let isTrue =
            switch name {
            case "$eq": MangoOrder.areEqual(value, argument)
            case "$ne": !MangoOrder.areEqual(value, argument)
            case "$gt": try order() > 0
            case "$gte": try order() >= 0
            case "$lt": try order() < 0
            case "$lte": try order() <= 0
            case "$in": isAmong(value, list)
            case "$nin": !isAmong(value, list)
            case "$all": hasAll(value, list)
            case "$exists": argument == .bool(true)
            case "$type": typeName(value) == argument.string
            default: try (value.array ?? []).contains { try element?.holds(of: $0) ?? false }
            }
        return isTrue != isNegated
    }

    /// Of a list, one element is enough.
    private func isAmong(_ value: JSONValue, _ wanted: [JSONValue]) -> Bool {
        wanted.contains { wanted in (value.array ?? [value]).contains { MangoOrder.areEqual($0, wanted) } }
    }

    private func hasAll(_ value: JSONValue, _ wanted: [JSONValue]) -> Bool {
        guard let elements = value.array, !wanted.isEmpty else { return false }
        return wanted.allSatisfy(elements.contains) || (wanted.count == 1 && wanted[0] == value)
    }

    private func text(_ value: JSONValue) -> String {
        String(String(decoding: value.serialized(), as: UTF8.self).prefix(60))
    }

    private func typeName(_ value: JSONValue) -> String {
        switch value {
        case .null: "null"
        case .bool: "boolean"
        case .integer, .number: "number"
        case .string: "string"
        case .array: "array"
        case .object: "object"
        }
    }
}
