import CouchDB
import Foundation

/// A selector as CouchDB brings it into form (`mango_selector:normalize/1`): fields stand outside of operators, and
/// negations are carried down to the single tests.
indirect enum MangoCondition: Sendable, Hashable {
    case all([MangoCondition])
    case any([MangoCondition])
    /// Only inside of `$elemMatch`, where CouchDB carries nothing down.
    case not(MangoCondition)
    /// A test of what a path leads to; an empty path leads to the whole.
    case field([String], Test)

    /// One operator and its argument.
    struct Test: Sendable, Hashable {
        var name: String
        var argument: JSONValue
        /// What `$elemMatch` asks of an element.
        var element: MangoCondition?
        var isNegated = false
    }

    /// - Throws: ``RestoreError`` with code `bad-selector`.
    init(selector: JSONValue) throws {
        self = try Self.normal(selector, at: "", negated: false, isInList: false)
        if case .field([], let test) = self {
            throw RestoreError(
                .badSelector, "the selector has \(test.name) without a field",
                next: #"name one, like {"year": {"$gt": 2025}}"#)
        }
    }

    private static let negations = [
        "$eq": "$ne", "$ne": "$eq", "$lt": "$gte", "$gte": "$lt", "$lte": "$gt", "$gt": "$lte", "$in": "$nin",
        "$nin": "$in",
    ]
    /// The operators that are understood; others are refused.
    static let operators: Set<String> = Set(negations.keys).union([
        "$exists", "$type", "$and", "$or", "$nor", "$not", "$all", "$elemMatch",
    ])

    private static func normal(
        _ value: JSONValue, at path: String, negated: Bool, isInList: Bool
    ) throws -> MangoCondition {
        guard let members = value.object, !members.isEmpty else {
            return try leaf("$eq", value, at: path, negated: negated)
        }
        let parts = try members.sorted { $0.key < $1.key }.map { key, value in
            if key.hasPrefix("$") {
                return try operation(key, value, at: path, negated: negated, isInList: isInList)
            }
            return try normal(
                value, at: path.isEmpty ? key : "\(path).\(key)", negated: negated, isInList: isInList)
        }
        return parts.count == 1 ? parts[0] : negated ? .any(parts) : .all(parts)
    }

    private static func operation(
        _ name: String, _ argument: JSONValue, at path: String, negated: Bool, isInList: Bool
    ) throws -> MangoCondition {
        func parts(negated: Bool) throws -> [MangoCondition] {
            try list(argument, of: name).map { try normal($0, at: path, negated: negated, isInList: isInList) }
        }
        switch name {
        case "$and": return negated ? .any(try parts(negated: true)) : .all(try parts(negated: false))
        case "$or": return negated ? .all(try parts(negated: true)) : .any(try parts(negated: false))
        // CouchDB fails at it there, and matches nothing.
        case "$nor" where !isInList:
            return negated ? .any(try parts(negated: false)) : .all(try parts(negated: true))
        case "$not":
            guard argument.object != nil else { throw bad(name, "an object") }
            guard isInList else { return try normal(argument, at: path, negated: !negated, isInList: false) }
            return .not(try normal(argument, at: path, negated: false, isInList: true))
        default: return try leaf(name, argument, at: path, negated: negated)
        }
    }

    private static func leaf(
        _ name: String, _ argument: JSONValue, at path: String, negated: Bool
    ) throws -> MangoCondition {
        var test = Test(name: name, argument: argument)
        switch name {
        case "$in", "$nin", "$all": _ = try list(argument, of: name)
        case "$exists":
            guard let isThere = argument.bool else { throw bad(name, "true or false") }
            return .field(try fields(of: path), Test(name: name, argument: .bool(isThere != negated)))
        case "$type":
            guard argument.string != nil else { throw bad(name, "the name of a type") }
        case "$elemMatch":
            guard argument.object != nil else { throw bad(name, "an object") }
            test.element = try normal(argument, at: "", negated: false, isInList: true)
        case let name where negations[name] != nil: break
        default:
            throw RestoreError(
                .badSelector,
                "the selector has the operator \(name), which is not understood\(operators.contains(name) ? " there" : "")",
                next: "use \(operators.sorted().joined(separator: " "))")
        }
        if negated {
            if let opposite = negations[name] { test.name = opposite } else { test.isNegated = true }
        }
        return .field(try fields(of: path), test)
    }

    /// The names that a path leads by (`mango_util:parse_field/1`).
    private static func fields(of path: String) throws -> [String] {
        guard !path.isEmpty else { return [] }
        var (names, isEscaped) = ([""], false)
        for character in path.unicodeScalars {
            if character == ".", !isEscaped {
                names.append("")
            } else if character != "\\" {
                names[names.count - 1].unicodeScalars.append(character)
            }
            isEscaped = character == "\\"
        }
        guard !names.contains("") else {
            throw RestoreError(
                .badSelector, "the selector has the field “\(path)”, which has a part without a name",
                next: #"write a dot that belongs to a name as \\."#)
        }
        return names
    }

    private static func list(_ argument: JSONValue, of name: String) throws -> [JSONValue] {
        guard let list = argument.array else { throw bad(name, "a list") }
        return list
    }

    private static func bad(_ name: String, _ wanted: String) -> RestoreError {
        RestoreError(
            .badSelector, "\(name) of the selector needs \(wanted)", next: "see CouchDB's documentation of _find")
    }
}
