import CouchDB
import Foundation

/// What a finding was concluded from; members that are nil are left out.
package typealias Evidence = [String: JSONValue?]

extension JSONValue {
    /// A time, in RFC 3339.
    static func time(_ date: Date?) -> JSONValue? { date.map { .string($0.formatted(.iso8601)) } }
    /// A count.
    static func count(_ value: Int?) -> JSONValue? { value.map { .integer(Int64($0)) } }
    /// A text.
    static func text(_ value: String?) -> JSONValue? { value.map { .string($0) } }
    /// A list of texts.
    static func texts(_ values: some Collection<String>) -> JSONValue { .array(values.map { .string($0) }) }
}
