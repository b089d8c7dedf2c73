import CouchDB
import Foundation
import HTTPTypes

extension Exchange {
    /// Answers `POST /_replicate`.
    func replicate() async throws -> SimulatedResponse {
        try allow(.post)
        guard user.name != nil else { throw CouchFailure.unauthorized("You are not an authenticated user") }
        let body = try request.declaredJSON()
        let scheduler = server.scheduler
        // A job that is cancelled by its id needs no source and target (couch_replicator_parse.erl).
        if body["cancel"]?.bool == true,
            let id = body["replication_id"]?.string ?? body["_local_id"]?.string ?? body["id"]?.string
        {
            return try await cancel(id)
        }
        let specification: ReplicationSpecification
        do throws(CouchFailure) {
            specification = try ReplicationSpecification(absolute(body.members ?? []))
        } catch {
            throw CouchFailure(500, "error", error.reason)
        }
        if body["cancel"]?.bool == true { return try await cancel(specification.id(on: server.uuid)) }
        if specification.isContinuous {
            let id = await scheduler.startTransient(specification, user: user.name, on: server)
            return .json(["ok": true, "_local_id": .string(id)], status: 202)
        }
        switch await scheduler.runTransient(specification, user: user.name, on: server) {
        case .success(.completed(let log, let changed)):
            var answer: OrderedJSON = ["ok": true]
            if !changed { answer.append("no_changes", true) }
            for member in log.members ?? [] where member.name != "_rev" && member.name != "_id" {
                answer.append(member.name, member.value)
            }
            return .json(answer)
        case .success(.stopped): throw CouchFailure(500, "error", "shutdown")
        case .failure(let reason):
            throw CouchFailure(500, reason.error, reason.reason)
        }
    }

    private func cancel(_ id: String) async throws -> SimulatedResponse {
        guard await server.scheduler.cancelTransient(id) else { throw CouchFailure.missing }
        return .json(["ok": true, "_local_id": .string(id)])
    }

    /// A bare name means a database of this server.
    private func absolute(_ members: [OrderedJSON.Member]) -> [OrderedJSON.Member] {
        members.map { member in
            guard member.name == "source" || member.name == "target", let name = member.value.string,
                !name.contains("://")
            else { return member }
            return .init(member.name, .string("\(server.baseURL)/\(name.escapedForQuery)"))
        }
    }

    /// Answers `/_scheduler/…`.
    func scheduler() async throws -> SimulatedResponse {
        try allow(.get, .head)
        try requireServerAdmin()
        let path = request.path
        switch path.count > 1 ? path[1] : "" {
        case "jobs" where path.count == 2: return try await jobList()
        case "jobs":
            // A space is what a plus sign becomes on its way.
            let id = path[2].replacing(" ", with: "+")
            guard let row = await server.scheduler.jobRow(id) else { throw CouchFailure.missing }
            return .json(row)
        case "docs": return try await documents(Array(path.dropFirst(2)))
        default: throw CouchFailure.missing
        }
    }

    private var hidesJobs: Bool { has { if case .hideJobs = $0 { true } else { false } } }

    private func jobList() async throws -> SimulatedResponse {
        let rows = hidesJobs ? [] : await server.scheduler.jobRows()
        let skip = min(try query.number("skip") ?? 0, rows.count)
        let page = rows.dropFirst(skip).prefix(try query.number("limit") ?? 100)
        return .json([
            "total_rows": .integer(rows.count), "offset": .integer(skip), "jobs": .array(Array(page)),
        ])
    }

    private func documents(_ path: [String]) async throws -> SimulatedResponse {
        // `a/_replicator` may come unescaped.
        let name: String
        let rest: [String]
        if let index = path.firstIndex(where: { $0 == "_replicator" || $0.hasSuffix("/_replicator") }) {
            name = path[...index].joined(separator: "/")
            rest = Array(path[(index + 1)...])
        } else {
            guard path.isEmpty else { throw CouchFailure.badRequest("Invalid path") }
            (name, rest) = ("_replicator", [])
        }
        let database = try server.database(name)
        guard !rest.isEmpty else { return try await documentList(database) }
        let key = ReplicationDocumentKey(database: name, id: rest.joined(separator: "/"))
        guard let row = await server.scheduler.documentRow(key) else { throw CouchFailure.missing }
        for case .stateUnknown(key.id) in effects {
            return .json([
                "database": .string(name), "doc_id": .string(key.id), "id": .null, "state": .null, "info": .null,
                "error_count": 0, "node": .null, "last_updated": .null, "start_time": .null,
            ])
        }
        return .json(row)
    }

    private func documentList(_ database: Database) async throws -> SimulatedResponse {
        var rows = hidesJobs ? [] : await server.scheduler.documentRows(of: database.name)
        for case .stateUnknown(let hidden) in effects { rows.removeAll { $0.key.id == hidden } }
        if let states = query["states"]?.split(separator: ",").map(String.init) {
            rows.removeAll { !states.contains($0.state) }
        }
        let skip = try query.number("skip") ?? 0
        let page = rows.dropFirst(skip).prefix(try query.number("limit") ?? .max).map(\.row)
        // The number of documents of the database, whatever is shown of them.
        let total = database.read { $0.documentCount }
        return .json([
            "total_rows": .integer(total), "offset": .integer(min(skip, total)), "docs": .array(Array(page)),
        ])
    }

    func activeTasks() async throws -> SimulatedResponse {
        try allow(.get, .head)
        try requireServerAdmin()
        guard !hidesJobs else { return .json([]) }
        return .json(.array(await server.scheduler.taskRows(now: server.options.now())))
    }
}
