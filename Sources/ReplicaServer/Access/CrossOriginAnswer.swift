import HTTPTypes

/// What a browser is told of the page that asks: whether it may read the answer (CORS, as `chttpd_cors` of CouchDB 3.5.0 has it).
///
/// It is no protection of the server: who may read is for ``ServerAccess`` to say.
struct CrossOriginAnswer: Sendable, Hashable {
    /// What is added to the head of an answer, whatever the answer is.
    private(set) var fields: HTTPFields = [:]
    /// Whether that is the whole answer: the browser asks what a page may send, and asks without a login.
    private(set) var isPreflight = false

    init(to method: HTTPRequest.Method, _ headers: HTTPFields, allowed: AllowedOrigins) {
        guard allowed != .none else { return }
        // A cache must not hand a page what was told to another, or to no page (Fetch, "CORS protocol and HTTP caches").
        fields[.vary] = "Origin"
        guard let origin = headers[.origin], allowed.contains(origin) else { return }
        fields[.accessControlAllowOrigin] = origin
        // A login that the browser remembers is not for every page; one that a page knows itself it sends as a header.
        if allowed != .any { fields[.accessControlAllowCredentials] = "true" }
        isPreflight = method == .options && headers[.accessControlRequestMethod] != nil
        guard isPreflight else {
            fields[.accessControlExposeHeaders] = Self.exposed
            return
        }
        // The browser compares both with what the page wants, and names to its developer what is not there.
        fields[.accessControlAllowMethods] = Self.methods
        fields[.accessControlAllowHeaders] = Self.headers
        fields[.accessControlMaxAge] = Self.maxAge
        // From a page of the internet into a network at home, or onto this machine.
        if let asks = Self.requestsPrivateNetwork, let allows = Self.allowsPrivateNetwork, headers[asks] == "true" {
            fields[allows] = "true"
        }
    }

    /// Those that are answered with more than a refusal: of what `PUT` and `DELETE` write, checkpoints are taken.
    private static let methods = "DELETE, GET, HEAD, POST, PUT"

    /// CouchDB's (`chttpd_cors.hrl`), and the one that is compared with an `ETag`.
    private static let headers = """
        accept, accept-language, authorization, content-length, content-range, content-type, destination, expires, if-match, \
        if-none-match, last-modified, origin, pragma, x-couch-full-commit, x-couch-id, x-couch-persist, \
        x-couchdb-www-authenticate, x-http-method-override, x-requested-with, x-couchdb-vhost-path
        """

    /// CouchDB's, as far as they are sent, and those that explain a refusal.
    private static let exposed = "content-type, cache-control, accept-ranges, etag, server, allow, www-authenticate"

    /// In seconds, CouchDB's.
    private static let maxAge = "600"

    /// Of the draft "Private Network Access", which Chrome followed.
    private static let requestsPrivateNetwork = HTTPField.Name("Access-Control-Request-Private-Network")
    private static let allowsPrivateNetwork = HTTPField.Name("Access-Control-Allow-Private-Network")
}
