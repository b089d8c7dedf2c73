import CouchDB
import Foundation
import HTTPTypes
import Synchronization

extension Exchange {
    /// Finds a database and checks that the user may read it.
    func openDatabase(_ name: String) throws(CouchFailure) -> Database {
        let database = try server.database(name)
        if !flavour.isOlderThan3, database.isReplicator || name == "_users" {
            try requireServerAdmin()
        } else {
            try securityRules(of: database).check(member: user)
        }
        return database
    }

    func securityRules(of database: Database) -> Security {
        Security(json: database.read { $0.security } ?? Security.initial(flavour))
    }

    /// Answers `/{db}` itself.
    func databaseRoot(_ name: String) async throws -> SimulatedResponse {
        switch request.method {
        case .put: return try create(name)
        case .delete:
            try requireServerAdmin()
            try server.deleteDatabase(name)
            server.scheduler.wake()
            return .ok
        case .post: return try postDocument(to: try openDatabase(name))
        default:
            try allow(.get, .head, .put, .delete, .post)
            return .json(info(of: try openDatabase(name)))
        }
    }

    private func create(_ name: String) throws(CouchFailure) -> SimulatedResponse {
        try requireServerAdmin()
        let allowed = Set("abcdefghijklmnopqrstuvwxyz0123456789_$()+-/")
        let isSystem = ["_users", "_replicator", "_global_changes"].contains(name)
        guard isSystem || (name.first.map { ("a"..."z").contains($0) } ?? false && name.allSatisfy(allowed.contains))
        else {
            throw CouchFailure(
                400, "illegal_database_name",
                "Name: '\(name)'. Only lowercase characters (a-z), digits (0-9), and any of the characters "
                    + "_, $, (, ), +, -, and / are allowed. Must begin with a letter.")
        }
        let q = try query.number("q") ?? (flavour.isOlderThan3 ? 8 : 2)
        guard server.createDatabase(name, q: max(1, q), isPartitioned: query.flag("partitioned")) else {
            throw CouchFailure(
                412, "file_exists", "The database could not be created, the file already exists.")
        }
        return .json(["ok": true], status: 201)
    }

    /// What `GET /{db}` and `_dbs_info` tell.
    func info(of database: Database) -> OrderedJSON {
        let content = database.content
        let sizes = content.documents.count * 200
        // Each write ends with a header, which begins a new block.
        let fileSize = sizes + content.writes * 4096
        let counts: (documents: OrderedJSON, deleted: OrderedJSON) = (
            .integer(content.documentCount), .integer(content.deletedCount)
        )
        if flavour.isSingleNode {
            return [
                "db_name": .string(database.name), "doc_count": counts.documents, "doc_del_count": counts.deleted,
                "update_seq": .integer(content.sequence), "purge_seq": .integer(content.purgeSequence),
                "compact_running": false, "disk_size": .integer(fileSize), "data_size": .integer(sizes),
                "instance_start_time": .string(instanceStartTime(of: database)), "disk_format_version": 6,
                "committed_update_seq": .integer(content.sequence),
            ]
        }
        return [
            "instance_start_time": .string(instanceStartTime(of: database)), "db_name": .string(database.name),
            "purge_seq": database.sequences.json(content.purgeSequence),
            "update_seq": database.sequences.json(content.sequence),
            "sizes": ["file": .integer(fileSize), "external": .integer(sizes), "active": .integer(sizes)],
            "props": database.isPartitioned ? ["partitioned": true] : [:],
            "doc_del_count": counts.deleted, "doc_count": counts.documents, "disk_format_version": 8,
            "compact_running": false,
            "cluster": [
                "q": .integer(database.q), "n": .integer(server.copies), "w": .integer(server.quorum),
                "r": .integer(server.quorum),
            ],
        ]
    }

    /// When the database was made; `"0"` from 2.0 to 3.2, and in 1.x when its file was opened, in microseconds.
    func instanceStartTime(of database: Database) -> String {
        if flavour.hasDatabaseIdentity { return String(database.created) }
        guard flavour.isSingleNode else { return "0" }
        let opened = max(server.state.withLock(\.startedAt), Double(database.created))
        return String(Int(opened * 1_000_000))
    }

    func security(of database: Database) throws -> SimulatedResponse {
        try allow(.get, .put)
        guard request.method == .put else { return .json(securityRules(of: database).json) }
        // CouchDB 3.5 answers 500 to both, since no copy of the shards takes the object.
        let refused = CouchFailure(500, "error", "no_majority")
        guard securityRules(of: database).isAdmin(user) else { throw refused }
        let json = try request.json()
        guard case .object = json else { throw refused }
        database.write { content in
            content.security = json
            content.sequence += 1
        }
        return .ok
    }

    func revsLimit(of database: Database) throws -> SimulatedResponse {
        try allow(.get, .put)
        guard request.method == .put else { return .json(.integer(database.read { $0.revsLimit })) }
        guard let limit = try request.json().integer, limit > 0 else {
            throw CouchFailure(500, "unknown_error", "function_clause")
        }
        database.write { content in
            content.revsLimit = limit
            content.sequence += 1
        }
        return .ok
    }

    func ensureFullCommit(of database: Database) throws -> SimulatedResponse {
        try allow(.post)
        try request.requireJSONType()
        return .json(
            ["ok": true, "instance_start_time": .string(instanceStartTime(of: database))], status: 201)
    }

    func compact(_ database: Database) throws -> SimulatedResponse {
        try allow(.post)
        try request.requireJSONType()
        database.write { content in
            for id in content.documents.keys { content.documents[id]?.tree.compact() }
        }
        return .json(["ok": true], status: 202)
    }
}
