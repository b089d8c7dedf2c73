extension ServerConnection {
    /// The same error, or what has kept a session's login from CouchDB; asks once more where that needs it.
    ///
    /// - Parameter isFresh: whether the login came right before.
    func explained(_ error: CouchError, sentWith credentials: Authorization.Credentials, isFresh: Bool) async throws
        -> CouchError
    {
        guard error.status == 401, credentials.session != nil else { return error }
        guard error.code == .unauthorized else { return error.adding(CouchError.basicInstead) }
        // Who is no server admin is refused so too, whom CouchDB knows all the same.
        guard isFresh, try await takesForNobody(credentials) else { return error }
        return .sessionLost(request: error.request ?? url.description)
    }

    /// Whether the server knows nothing of a login that it has just accepted; false where that can't be asked.
    private func takesForNobody(_ credentials: Authorization.Credentials) async throws -> Bool {
        let request = CouchRequest(.get, ["_session"])
        let shown = request.shown(on: url)
        do {
            let response = try await transport.open(
                request.httpRequest(on: url, authorization: credentials.headers), shown: shown,
                within: configuration.requestTimeout, isPatient: false)
            let answer = try await collectBeginning(of: response, shown: shown)
            // Before 3.0 a server with `require_valid_user` says not even that.
            guard answer.status < 300 else { return CouchError(answer: answer, request: shown).isLoginRequired }
            return try SessionInfo(answer: answer.json(request: shown)).userName == nil
        } catch is TransportFailure {
            return false
        } catch is CouchError {
            return false
        }
    }

    /// The same error, or that a proxy has decoded a name in the path; asks once more where the name can have been changed so.
    ///
    /// - Parameter name: a database's name or a document's id, which the answer seems not to be about.
    func explained(_ error: CouchError, naming name: String) async throws -> CouchError {
        guard try await decodesPath(with: name) else { return error }
        return .decodedPath("“\(name)” can't be asked for", request: error.request, status: error.status)
    }

    /// Whether a proxy decodes a name in a path: then `/_session%2F`, to CouchDB the name of a database, is `/_session/`.
    ///
    /// Asks only where the name has a slash or a plus sign; false where nothing tells.
    func decodesPath(with name: String) async throws -> Bool {
        guard name.contains("/") || name.contains("+") else { return false }
        do {
            return try await json(.get, ["_session/"])["userCtx"]?.object != nil
        } catch is CouchError {
            return false  // What was told first is told then.
        }
    }
}
