import Foundation

/// A position in a database's changes feed: opaque, except for being sent back as `since`.
///
/// CouchDB 1.x uses integers, later versions strings, BigCouch arrays. Two sequences of one database can differ and yet
/// mean the same position, and the number in front is no order (`fabric_view_changes.erl`): how far apart two are is
/// known only from `pending`. So there is equality here, and deliberately no `<`.
public struct UpdateSequence: Sendable {
    /// The JSON value as the server sent it.
    public let value: JSONValue

    /// Wraps a sequence as a server sent it.
    public init(_ value: JSONValue) { self.value = value }

    /// The beginning of every feed.
    public static let zero = UpdateSequence(0)

    /// The number in front, for people to look at; nothing may be decided by it.
    public var displayNumber: Int? {
        switch value {
        case .integer(let number): Int(number)
        case .string(let text): Int(text.prefix { $0.isASCII && $0.isNumber })
        case .array(let parts): parts.first?.integer
        default: nil
        }
    }

    /// The position as a plain number, which it is before 2.0; nil where it is opaque.
    ///
    /// A 3.x scheduler shows that of an older source as a text, `"275"`, while its checkpoint has the number
    /// (`couch_replicator_utils:seq_encode/1`).
    public var number: Int? {
        switch value {
        case .integer(let number): Int(number)
        case .string(let text): Int(text).flatMap { $0 >= 0 && String($0) == text ? $0 : nil }
        default: nil
        }
    }

    /// Whether this is the beginning of every feed, in one of its spellings.
    public var isZero: Bool { value == 0 || value == "0" }

    /// The text to send as `since`.
    public var parameter: String {
        switch value {
        case .string(let text): text
        default: String(decoding: value.serialized(), as: UTF8.self)
        }
    }
}

extension UpdateSequence: Hashable {
    /// Whether both are written alike, or are one number, as a text or not.
    public static func == (left: UpdateSequence, right: UpdateSequence) -> Bool {
        if let number = left.number, let other = right.number { return number == other }
        return left.value == right.value
    }

    /// Hashes what is compared.
    public func hash(into hasher: inout Hasher) {
        if let number { hasher.combine(number) } else { hasher.combine(value) }
    }
}

extension UpdateSequence: CustomStringConvertible {
    /// The number in front and the beginning of the rest.
    public var description: String { parameter.count > 24 ? "\(parameter.prefix(24))…" : parameter }
}

extension UpdateSequence: Codable {
    /// Decodes any JSON value.
    public init(from decoder: any Decoder) throws { value = try JSONValue(from: decoder) }
    /// Encodes the value as the server sent it.
    public func encode(to encoder: any Encoder) throws { try value.encode(to: encoder) }
}
