import CouchDB
import Foundation
import HTTPTypes

/// One request in the hands of a server.
struct Exchange: Sendable {
    let server: SimulatedServer
    let request: SimulatedRequest
    let user: UserContext
    let effects: [Fault.Effect]

    var flavour: Flavour { server.flavour }
    var query: QueryParameters { request.query }

    /// Finds out who asks, and answers.
    static func response(
        to request: SimulatedRequest, on server: SimulatedServer, effects: [Fault.Effect]
    ) async throws -> SimulatedResponse {
        do {
            let user = try server.authenticate(request)
            try server.expectUser(user)
            let exchange = Exchange(server: server, request: request, user: user, effects: effects)
            return try await exchange.response()
        } catch let failure as CouchFailure {
            return .failure(failure)
        }
    }

    private func response() async throws -> SimulatedResponse {
        guard let first = request.path.first else { return try welcome() }
        switch first {
        case "_up" where !flavour.isSingleNode: return .json(["status": "ok", "seeds": [:]])
        case "_all_dbs": return try allDatabases()
        case "_dbs_info" where flavour.hasDatabasesInfo: return try databasesInfo()
        case "_session": return try session()
        case "_uuids": return try uuids()
        case "_active_tasks": return try await activeTasks()
        case "_replicate": return try await replicate()
        case "_membership" where !flavour.isSingleNode: return try membership()
        case "_node" where !flavour.isSingleNode: return try await node()
        case "_config" where flavour.isSingleNode: return try configuration(Array(request.path.dropFirst()))
        case "_scheduler" where flavour.hasScheduler: return try await scheduler()
        default: return try await databaseResponse(first)
        }
    }

    private func databaseResponse(_ name: String) async throws -> SimulatedResponse {
        guard request.path.count > 1 else { return try await databaseRoot(name) }
        let database = try openDatabase(name)
        let second = request.path[1]
        switch second {
        case "_security": return try security(of: database)
        case "_revs_limit": return try revsLimit(of: database)
        case "_changes": return try await changes(of: copy(of: database))
        case "_all_docs": return try allDocuments(of: database)
        case "_design_docs" where !flavour.isSingleNode: return try designDocuments(of: database)
        case "_shards" where !flavour.isSingleNode: return try shards(of: database)
        case "_local_docs" where !flavour.isSingleNode: return try localDocuments(of: database)
        case "_revs_diff": return try revisionsDifference(in: copy(of: database))
        case "_missing_revs": return try missingRevisions(in: database)
        case "_bulk_get" where flavour.hasBulkGet: return try bulkGet(from: database)
        case "_bulk_docs": return try bulkDocuments(to: database)
        case "_purge": return try purge(from: database)
        case "_ensure_full_commit": return try ensureFullCommit(of: database)
        case "_compact": return try compact(database)
        default: break
        }
        if second.hasPrefix("_local/") { return try localDocument(second, of: database) }
        if second.hasPrefix("_"), !second.hasPrefix("_design/") {
            guard request.method == .get || request.method == .head else {
                try DocumentInput.check(id: second)
                throw CouchFailure.missing
            }
            throw CouchFailure.missing
        }
        guard request.path.count > 2 else { return try document(second, of: database) }
        return try attachment(request.path.dropFirst(2).joined(separator: "/"), of: second, in: database)
    }

    /// The database, or what a copy of it holds that has not caught up.
    private func copy(of database: Database) -> Database {
        for case .olderCopy(let snapshot) in effects where snapshot.database == database.name {
            return Database(
                name: database.name, created: database.created, sequences: database.sequences, q: database.q,
                isPartitioned: database.isPartitioned, state: snapshot.content)
        }
        return database
    }

    func requireServerAdmin() throws(CouchFailure) {
        guard user.isServerAdmin else { throw .notServerAdmin }
    }

    func allow(_ methods: HTTPRequest.Method...) throws(CouchFailure) {
        guard methods.contains(request.method) else {
            throw .methodNotAllowed(methods.map(\.rawValue).joined(separator: ","))
        }
    }

    func has(_ test: (Fault.Effect) -> Bool) -> Bool { effects.contains(where: test) }
}
