import CouchDB

/// Who writes, and what else has a say.
struct WriteContext: Sendable {
    /// A rule in Swift that a test has put on a database; it throws ``Refusal``.
    typealias Validator = @Sendable (_ document: JSONValue) throws(Refusal) -> Void

    var user: UserContext
    /// Whether the user may write design documents.
    var isDatabaseAdmin: Bool
    var validator: Validator?

    /// The replicator and the server itself.
    static let system = WriteContext(user: .server, isDatabaseAdmin: true)
}

/// Why a test's validator refuses a document.
package struct Refusal: Error, Sendable {
    let failure: CouchFailure

    /// Refuses as `throw({forbidden: reason})` does.
    package static func forbidden(_ reason: String) -> Refusal { Refusal(failure: .forbidden(reason)) }

    /// Refuses as `throw({unauthorized: reason})` does.
    package static func unauthorized(_ reason: String) -> Refusal { Refusal(failure: .unauthorized(reason)) }
}
