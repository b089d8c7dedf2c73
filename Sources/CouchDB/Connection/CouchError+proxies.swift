extension CouchError {
    /// What helps where a proxy keeps the login of a session from CouchDB.
    static let basicInstead = "log in with basic authentication instead: --basic, or auth: basic"

    /// The same error with something more to say.
    func adding(_ words: String) -> CouchError {
        CouchError(
            code, "\(message); \(words)", request: request, status: status, error: self.error, reason: reason)
    }

    /// A login that CouchDB accepted, and of which it knows nothing at the next request.
    static func sessionLost(request: String) -> CouchError {
        CouchError(
            .notCouchDB,
            "the login was accepted, yet the next request came without it: a proxy drops the header Cookie, or hands requests "
                + "to nodes with different secrets; \(basicInstead)",
            request: request, status: 401)
    }

    /// A path that a proxy has changed on its way, so that CouchDB was asked for something else.
    ///
    /// - Parameter what: what came of it.
    static func decodedPath(_ what: String, request: String?, status: Int?) -> CouchError {
        CouchError(
            .notCouchDB,
            "\(what): the proxy in front decodes %2F in paths; nginx: proxy_pass without a URI, or `rewrite ^ $request_uri; "
                + "rewrite ^/couch/(.*) /$1 break; proxy_pass http://…$uri;`",
            request: request, status: status)
    }
}
