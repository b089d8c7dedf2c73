import Foundation

extension JSONValue {
    /// The JSON text, as a query's value wants it.
    var text: String { String(decoding: serialized(), as: UTF8.self) }
}
