import CouchDB
import Foundation
import Replication
import Vault

extension SourceSettings {
    /// Reads what belongs to a database and is no document.
    ///
    /// What the account may not read, or the server has not, is left out. Local documents that replicators keep their
    /// checkpoints in are left out too: in another database they would lie about what is there.
    init(of database: CouchDatabase, _ info: DatabaseInfo) async throws {
        async let security = Self.readable { try await database.securityDocument() }
        async let revisionsLimit = Self.readable { try await database.revisionsLimit() }
        async let localDocuments = Self.readable { try await Self.localDocuments(of: database) }
        self.init(q: info.q, n: info.n, isPartitioned: info.isPartitioned)
        self.security = try await security
        self.revisionsLimit = try await revisionsLimit
        self.localDocuments = try await localDocuments ?? [:]
    }

    private static let page = 500

    private static func localDocuments(of database: CouchDatabase) async throws -> [DocumentID: Data] {
        var documents: [DocumentID: Data] = [:]
        var start: String?
        while true {
            let rows = try await database.localDocuments(from: start, limit: page)
            for row in rows {
                guard let document = row.document, try !isCheckpoint(row.id, document) else { continue }
                documents[DocumentID(row.id)] = document
            }
            guard rows.count == page, let last = rows.last, last.id != start else { return documents }
            start = last.id
        }
    }

    /// Whether a local document is a replicator's checkpoint (CouchDB's and PouchDB's have these members, see the
    /// replication protocol), a shard's own book-keeping, or a mark of Couchkeep.
    static func isCheckpoint(_ id: String, _ document: Data) throws -> Bool {
        let name = id.hasPrefix("_local/") ? id.dropFirst("_local/".count) : id[...]
        if ["shard-sync-", "purge-", SourceMark.prefix, "couchkeep-"].contains(where: name.hasPrefix) { return true }
        // Only the names: what an application keeps there may be nested deeper than can be parsed.
        return try JSONMembers(of: document).members.contains { checkpointMembers.contains($0.key ?? "") }
    }

    private static let checkpointMembers: Set<String> = ["last_seq", "source_last_seq", "session_id"]

    private static func readable<Value: Sendable>(_ read: () async throws -> Value) async throws -> Value? {
        do {
            return try await read()
        } catch let error as CouchError where Self.isUnreadable(error) {
            return nil
        }
    }

    /// Whether the account may not read something, or the server has no such thing.
    static func isUnreadable(_ error: CouchError) -> Bool {
        [.unauthorized, .forbidden, .unsupported].contains(error.code)
            || (!error.isDatabaseMissing && [400, 404, 405, 501].contains(error.status))
    }
}
