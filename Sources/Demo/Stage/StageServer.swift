import CouchDB
import Secrets
import Synchronization

/// One of the two servers, as its owner reaches it.
final class StageServer: Sendable {
    static let sourceName = "production"
    static let targetName = "standby"

    /// The name in Couchkeep's configuration.
    let name: String
    let url: String
    let user: String
    private let currentPassword: Mutex<Secret>

    init(name: String, url: String, user: String, password: Secret) {
        self.name = name
        self.url = url
        self.user = user
        currentPassword = Mutex(password)
    }

    var password: Secret { currentPassword.withLock { $0 } }

    /// Runs `body` with a connection.
    func visit<Result: Sendable>(_ body: (ServerConnection) async throws -> Result) async throws -> Result {
        let connection = try ServerConnection(
            url: ServerURL(url), authentication: .basic(user: user, password: password))
        return try await connection.closing { try await body(connection) }
    }

    /// The databases that are not CouchDB's own.
    func userDatabases() async throws -> [String] {
        try await visit { try await $0.databaseNames() }.filter { !$0.hasPrefix("_") }
    }

    /// Makes a database.
    func create(_ database: String) async throws {
        try await visit { try await $0.database(database).create() }
    }

    /// Writes documents in one request.
    ///
    /// - Throws: `CouchError`; ``DemoFailure`` where the server refuses any of them.
    func write(_ documents: [JSONValue], to database: String) async throws {
        let rows = try await visit { connection in
            try await connection.json(.post, [database, "_bulk_docs"], body: ["docs": .array(documents)])
        }
        let refused = (rows.array ?? []).count { $0["error"] != nil }
        try expect(refused == 0, "\(name) refused \(refused) documents of \(database)")
    }

    /// Stores a document with the history it brings along, as a replication does.
    ///
    /// - Throws: `CouchError`; ``DemoFailure`` where the server refuses it.
    func store(_ document: JSONValue, in database: String) async throws {
        let refused = try await visit { connection in
            try await connection.json(
                .post, [database, "_bulk_docs"], body: ["docs": .array([document]), "new_edits": false])
        }
        try expect(refused.array?.isEmpty == true, "\(name) refused a revision of \(database)")
    }

    /// Changes a document, and returns its new revision.
    func change(_ id: String, in database: String, to members: [String: JSONValue]) async throws -> String {
        try await visit { connection in
            let old = try await connection.database(database).document(id)?["_rev"]
            try expect(old != nil, "\(name) should have \(id) of \(database)")
            let new = members.merging(["_id": .string(id), "_rev": old ?? .null]) { $1 }
            let rows = try await connection.json(
                .post, [database, "_bulk_docs"], body: ["docs": .array([.object(new)])])
            guard let revision = rows.array?.first?["rev"]?.string else {
                throw DemoFailure(.unexpected, "\(name) refused a change of \(id) of \(database)")
            }
            return revision
        }
    }

    /// Deletes a document.
    func delete(_ id: String, in database: String) async throws {
        try await visit { connection in
            let database = connection.database(database)
            guard let revision = try await database.document(id)?["_rev"]?.string else { return }
            _ = try await database.deleteDocument(id, revision: revision)
        }
    }

    /// Changes the administrator's password, as its owner would.
    func changePassword(to password: Secret) async throws {
        try await visit { connection in
            try await connection.setConfiguration(section: "admins", key: user, value: password.reveal())
        }
        currentPassword.withLock { $0 = password }
    }
}
