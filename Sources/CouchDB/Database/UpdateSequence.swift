import Foundation

/// A position in a database's changes feed: opaque, except for being sent back as `since`.
///
/// CouchDB 1.x uses integers, later versions strings, BigCouch arrays. Two sequences of one database can differ and yet
/// mean the same position, and the number in front is no order (`fabric_view_changes.erl`): how far apart two are is
/// known only from `pending`. So there is equality here, and deliberately no `<`.
public struct UpdateSequence: Sendable, Hashable {
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
