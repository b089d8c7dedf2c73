import CouchDB

/// An answer that says no: CouchDB's status, `error` and `reason`.
struct CouchFailure: Error, Sendable, Hashable {
    var status: Int
    var error: String
    var reason: String
    /// Further headers of the answer.
    var headers: [String: String] = [:]

    init(_ status: Int, _ error: String, _ reason: String, headers: [String: String] = [:]) {
        self.status = status
        self.error = error
        self.reason = reason
        self.headers = headers
    }

    var json: OrderedJSON { ["error": .string(error), "reason": .string(reason)] }

    static let databaseMissing = CouchFailure(404, "not_found", "Database does not exist.")
    static let missing = CouchFailure(404, "not_found", "missing")
    static let deleted = CouchFailure(404, "not_found", "deleted")
    static let conflict = CouchFailure(409, "conflict", "Document update conflict.")
    static let invalidJSON = badRequest("invalid UTF-8 JSON")
    static let invalidRevision = badRequest("Invalid rev format")
    static let notServerAdmin = CouchFailure(401, "unauthorized", "You are not a server admin.")
    static let wrongPassword = CouchFailure(401, "unauthorized", "Name or password is incorrect.")

    static func badRequest(_ reason: String) -> CouchFailure { CouchFailure(400, "bad_request", reason) }
    static func forbidden(_ reason: String) -> CouchFailure { CouchFailure(403, "forbidden", reason) }
    static func unauthorized(_ reason: String) -> CouchFailure { CouchFailure(401, "unauthorized", reason) }
    static func methodNotAllowed(_ methods: String) -> CouchFailure {
        CouchFailure(405, "method_not_allowed", "Only \(methods) allowed")
    }
}
