import CouchDB
import Foundation
import HTTPTypes

/// A request with its body.
struct ServedRequest: Sendable {
    var method: HTTPRequest.Method
    var target: RequestTarget
    var headers: HTTPFields
    /// The host and port that the client believes to talk to.
    var host: String?
    var body = Data()

    init(method: HTTPRequest.Method, target: RequestTarget, headers: HTTPFields, host: String? = nil) {
        self.method = method
        self.target = target
        self.headers = headers
        self.host = host
    }

    var query: QueryParameters { target.query }
    var isHead: Bool { method == .head }

    /// - Throws: ``EndpointFailure`` with status 405 where the method is another.
    func allow(_ methods: HTTPRequest.Method...) throws(EndpointFailure) {
        guard methods.contains(method) else { throw .methodNotAllowed(methods) }
    }

    /// The body of a `POST` request, which must say that it is JSON.
    func json() throws(EndpointFailure) -> JSONValue {
        try requireJSONType()
        do {
            return try JSONValue(parsing: body)
        } catch {
            throw .invalidJSON
        }
    }

    func requireJSONType() throws(EndpointFailure) {
        guard headers[.contentType]?.lowercased().hasPrefix("application/json") == true else { throw .wrongType }
    }

    /// Whether the client takes answers of this type, by its `Accept` header; one that says nothing takes all.
    func accepts(_ type: String) -> Bool {
        guard let header = headers[.accept] else { return true }
        let group = type.prefix { $0 != "/" } + "/*"
        return header.split(separator: ",").contains { item in
            let name = MediaType(header: String(item)).name
            return name == "*/*" || name == group || name == type
        }
    }

    /// Whether the client asks for this very type.
    func names(_ type: String) -> Bool {
        headers[.accept]?.split(separator: ",").contains { MediaType(header: String($0)).name == type } ?? false
    }

    /// Whether the client holds the answer with this tag already, or a weak one, which a proxy makes of it that compresses
    /// (RFC 9110, 13.1.2).
    func hasMatching(tag: String) -> Bool {
        guard let header = headers[.ifNoneMatch] else { return false }
        return header.split(separator: ",").contains { item in
            let known = item.trimmingCharacters(in: .whitespaces)
            return known == tag || known == "W/\(tag)" || known == "*"
        }
    }
}
