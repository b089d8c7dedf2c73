import CouchDB
import HTTPTypes
import Replication

/// An answer that says no, in CouchDB's form.
struct EndpointFailure: Error, Sendable, Hashable {
    var status: Int
    var error: String
    var reason: String
    var headers: HTTPFields = [:]

    init(_ status: Int, _ error: String, _ reason: String) {
        self.status = status
        self.error = error
        self.reason = reason
    }

    var response: ServedResponse {
        var response = ServedResponse.json(["error": .string(error), "reason": .string(reason)], status: status)
        for field in headers { response.headers[field.name] = field.value }
        return response
    }

    static let missing = EndpointFailure(404, "not_found", "missing")
    static let deleted = EndpointFailure(404, "not_found", "deleted")
    static let databaseMissing = EndpointFailure(404, "not_found", "Database does not exist.")
    static let attachmentMissing = EndpointFailure(404, "not_found", "Document is missing attachment")
    static let invalidJSON = badRequest("invalid UTF-8 JSON")
    static let invalidRevision = badRequest("Invalid rev format")
    static let tooLarge = EndpointFailure(413, "too_large", "the request entity is too large")
    static let wrongType = EndpointFailure(
        415, "bad_content_type", "Content-Type must be application/json")
    static let readOnly = EndpointFailure(
        403, "forbidden", "This database is served read-only: it can be read and replicated from, not written.")

    /// Of what is answered from an index.
    static func notServed(_ function: String) -> EndpointFailure {
        EndpointFailure(
            404, "not_found",
            "\(function.prefix(40)) is not served: replicate the database to where views are made.")
    }

    static func badRequest(_ reason: String) -> EndpointFailure { EndpointFailure(400, "bad_request", reason) }
    static func queryParse(_ reason: String) -> EndpointFailure { EndpointFailure(400, "query_parse_error", reason) }

    static func methodNotAllowed(_ allowed: [HTTPRequest.Method]) -> EndpointFailure {
        let list = allowed.map(\.rawValue).joined(separator: ",")
        var failure = EndpointFailure(405, "method_not_allowed", "Only \(list) allowed")
        failure.headers[.allow] = list
        return failure
    }

    /// What to answer where the replica itself fails: a position that it does not know is the client's fault, and all else
    /// is no secret of the server's either, since no text in a `CouchError` comes from a credential.
    init(_ error: any Error) {
        switch error {
        case let error as EndpointFailure: self = error
        case let error as UnreadableRevision:
            let refusal = error.refusal
            let revision = refusal.revision.map { "the revision \($0)" } ?? "a revision"
            self.init(500, refusal.error, "\(revision) of “\(refusal.id)” can't be handed out: \(refusal.reason)")
        case let error as CouchError where error.code == .invalidInput: self = .badRequest(error.message)
        case let error as CouchError: self.init(500, error.code.rawValue, error.message)
        default: self.init(500, "internal_server_error", "the database can't be read")
        }
    }
}
