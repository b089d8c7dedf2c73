import Synchronization

extension ServerConnection {
    /// What the server says of itself at `GET /`.
    ///
    /// Each call asks; other functions that depend on the version use the newest answer.
    ///
    /// - Throws: ``CouchError``; code `not-couchdb` where something else answers.
    public func info() async throws -> ServerInfo {
        let info = try await read(.get, []) { try ServerInfo(answer: $0) }
        knownInfo.withLock { $0 = info }
        return info
    }

    /// The newest description of the server, asked for where there is none yet.
    func latestInfo() async throws -> ServerInfo {
        if let info = knownInfo.withLock({ $0 }) { return info }
        return try await info()
    }

    /// Whether the node takes requests: false in maintenance mode.
    ///
    /// Asks `_up`, or `GET /` where the server is older than 2.0.
    ///
    /// - Throws: ``CouchError`` where the server can't be reached at all.
    public func isUp() async throws -> Bool {
        guard try await latestInfo().isClustered else {
            _ = try await info()
            return true
        }
        // The answer in maintenance mode is 404 with a `status`, and without CouchDB's `error`.
        var request = CouchRequest(.get, ["_up"])
        request.goodStatuses = [404]
        let shown = request.shown(on: url)
        let answer = try await answer(to: request)
        guard let status = try answer.json(request: shown)["status"]?.string else {
            throw CouchError(.notCouchDB, "the answer to _up has no status", request: shown, status: answer.status)
        }
        return answer.status == 200 && status == "ok"
    }

    /// Who the server takes us for.
    ///
    /// - Throws: ``CouchError``; code `unauthorized` where the credentials are wrong.
    public func session() async throws -> SessionInfo {
        try await read(.get, ["_session"]) { try SessionInfo(answer: $0) }
    }

    /// The nodes of the cluster (2.0 and later).
    ///
    /// An account that may not ask is told so from memory for some minutes: with a session each refusal takes another login,
    /// since the server gives the same answer where it has lost the first one.
    ///
    /// - Throws: ``CouchError``; code `unsupported` before 2.0.
    public func membership() async throws -> Membership {
        try await require(\.isClustered, "_membership (2.0 and later)")
        if let refusal = membershipRefusal.withLock({ $0 }), pacing.now() < refusal.until { throw refusal.error }
        do {
            return try await read(.get, ["_membership"]) { try Membership(answer: $0) }
        } catch let error as CouchError where error.isRejection && !error.isAccountLocked {
            // A lock passes sooner.
            let until = pacing.now() + Self.refusalLifetime
            membershipRefusal.withLock { $0 = (error, until) }
            throw error
        }
    }

    private static let refusalLifetime = Duration.seconds(600)

    /// The nodes of the cluster; nil where nobody tells: before 2.0, of an account that may not ask, and behind what has no
    /// such endpoint.
    public func knownMembership() async throws -> Membership? {
        do {
            return try await membership()
        } catch let error as CouchError
            where [.unauthorized, .forbidden, .notFound, .unsupported, .notCouchDB].contains(error.code)
            || [400, 405, 501].contains(error.status)
        {
            return nil
        }
    }

    /// The settings of one section of the node's configuration; values are texts.
    ///
    /// Needs a server admin.
    public func configuration(section: String) async throws -> [String: String] {
        try await read(.get, try await configurationPath(section)) { answer in
            guard let members = answer.object else {
                throw CouchError(.malformedAnswer, "a configuration section is not an object")
            }
            return members.compactMapValues(\.string)
        }
    }

    /// Changes one setting on the node that answers; it is kept over a restart.
    ///
    /// Needs a server admin.
    public func setConfiguration(section: String, key: String, value: String) async throws {
        _ = try await json(
            .put, try await configurationPath(section) + [key], body: .string(value), isIdempotent: true)
    }

    private func configurationPath(_ section: String) async throws -> [String] {
        try await latestInfo().isClustered ? ["_node", "_local", "_config", section] : ["_config", section]
    }

    /// - Throws: ``CouchError`` with code `unsupported` where the server's version lacks something.
    func require(_ ability: KeyPath<ServerInfo, Bool>, _ what: String) async throws {
        let info = try await latestInfo()
        guard info[keyPath: ability] else {
            throw CouchError(.unsupported, "CouchDB \(info.version) at \(url) has no \(what)")
        }
    }

    /// Sends a request and reads a value from the JSON answer; errors in reading it name the request.
    func read<Value>(
        _ method: RequestMethod, _ path: [String], query: [String: String] = [:], body: JSONValue? = nil,
        isIdempotent: Bool? = nil, _ parse: (JSONValue) throws -> Value
    ) async throws -> Value {
        let answer = try await json(method, path, query: query, body: body, isIdempotent: isIdempotent)
        do {
            return try parse(answer)
        } catch let error as CouchError {
            throw error.naming(CouchRequest(method, path).shown(on: url))
        }
    }
}
