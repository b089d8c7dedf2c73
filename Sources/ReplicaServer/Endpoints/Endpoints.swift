import CouchDB
import HTTPTypes
import Replication

/// Everything that a server answers.
struct Endpoints: Sendable {
    var databases: ServedDatabases
    var uuid: String
    var access: ServerAccess
    var localDocuments: any LocalDocumentStore

    /// What is answered before a body is taken in, so that nobody fills the memory who may not read: what everybody is
    /// told, and a refusal as an error; nil where the request is to be heard out.
    func respondToHead(of request: ServedRequest) throws -> ServedResponse? {
        let parts = request.target.parts
        // CouchDB's replicator tries this first, and only 404 makes it send name and password with each request
        // (couch_replicator_auth_session).
        if parts == ["_session"] { throw EndpointFailure.missing }
        if parts == ["_up"] {
            try request.allow(.get, .head)
            return .json(["status": "ok", "seeds": [:]])
        }
        try checkAccess(request)
        return nil
    }

    /// Answers a request that was let in.
    func respond(to request: ServedRequest) async throws -> ServedResponse {
        let parts = request.target.parts
        guard let name = parts.first else { return try greeting(request) }
        switch name {
        case "_all_dbs": return try await databaseNames(request)
        case "_dbs_info": return try await databaseInfos(request)
        default:
            if let database = try await databases.open(name) {
                return try await DatabaseEndpoint(
                    database: database, request: request, parts: Array(parts.dropFirst()),
                    localDocuments: localDocuments
                ).response()
            }
            if name.hasPrefix("_") { throw EndpointFailure.missing }
            guard request.method != .put || parts.count > 1 else {
                // PouchDB tries this where a name is wrong, and shows its user this answer alone.
                throw EndpointFailure(
                    403, "forbidden",
                    "There is no backup “\(name.prefix(80))” here, and this server is read-only; see /_all_dbs.")
            }
            throw EndpointFailure.databaseMissing
        }
    }

    private func checkAccess(_ request: ServedRequest) throws(EndpointFailure) {
        guard access != .open else {
            // A web page that has its own name resolve to this machine must not read from here.
            guard LoopbackAddress.contains(LoopbackAddress.host(inHeader: request.host ?? "127.0.0.1")) else {
                throw EndpointFailure(
                    403, "forbidden", "Without a password this server answers only under the name of this machine.")
            }
            return
        }
        guard access.allows(request.headers) else { throw access.refusal(of: request.headers) }
    }

    /// The version is that of the CouchDB whose answers are followed.
    private func greeting(_ request: ServedRequest) throws(EndpointFailure) -> ServedResponse {
        try request.allow(.get, .head)
        return .json([
            "couchdb": "Welcome", "version": "3.5.0", "uuid": .string(uuid), "features": [],
            "vendor": ["name": "Couchkeep"],
        ])
    }

    private func databaseNames(_ request: ServedRequest) async throws -> ServedResponse {
        try request.allow(.get, .head)
        return .json(.array(try await databases.names().sorted().map(JSONValue.string)))
    }

    private func databaseInfos(_ request: ServedRequest) async throws -> ServedResponse {
        try request.allow(.get, .head, .post)
        let names: [String]
        if request.method == .post {
            guard let keys = try request.json()["keys"]?.array else {
                throw EndpointFailure.badRequest("`keys` member must exist.")
            }
            guard keys.count <= 100 else { throw EndpointFailure.badRequest("`keys` must not exceed 100") }
            names = keys.compactMap(\.string)
        } else {
            names = try await databases.names().sorted()
        }
        var rows: [JSONValue] = []
        for name in names {
            rows.append(try await databaseInfo(name))
        }
        return .json(.array(rows))
    }

    private func databaseInfo(_ name: String) async throws -> JSONValue {
        do {
            guard let database = try await databases.open(name) else {
                return ["key": .string(name), "error": "not_found"]
            }
            return ["key": .string(name), "info": try await database.info()]
        } catch {
            // One that can't be read keeps nobody from the others.
            try Task.checkCancellation()
            return ["key": .string(name), "error": .string(EndpointFailure(error).error)]
        }
    }
}
