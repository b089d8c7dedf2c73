import CouchDB
import Foundation
import Replication
import Vault

extension SourceSettings {
    /// Reads what belongs to a database and is no document.
    ///
    /// What CouchDB does not hand out to the account is left out and named. Local documents that replicators keep their
    /// checkpoints in are left out too: in another database they would lie about what is there.
    ///
    /// - Throws: `CouchError`, also where a proxy answers in CouchDB's place, of which nothing follows.
    static func read(
        of database: CouchDatabase, _ info: DatabaseInfo
    ) async throws -> (settings: SourceSettings, unread: [UnreadSetting]) {
        async let security: Answered<Data> = Self.readable(.security) { try await database.securityDocument() }
        async let limit: Answered<Int> = Self.readable(.revisionsLimit) { try await database.revisionsLimit() }
        async let documents: Answered<[DocumentID: Data]> = Self.readable(.localDocuments) {
            try await Self.localDocuments(of: database)
        }
        let read = try await (security: security, limit: limit, documents: documents)
        var settings = SourceSettings(q: info.q, n: info.n, isPartitioned: info.isPartitioned)
        settings.security = read.security.value
        settings.revisionsLimit = read.limit.value
        settings.localDocuments = read.documents.value ?? [:]
        return (settings, [read.security.unread, read.limit.unread, read.documents.unread].compactMap(\.self))
    }

    /// What was read, or why it was not.
    private typealias Answered<Value> = (value: Value?, unread: UnreadSetting?)

    private static let page = 500

    /// - Returns: nil where the server has no list of them, as 1.x has none.
    private static func localDocuments(of database: CouchDatabase) async throws -> [DocumentID: Data]? {
        do {
            return try await listedLocalDocuments(of: database)
        } catch let error as CouchError where isLacking(error) {
            return nil
        }
    }

    private static func listedLocalDocuments(of database: CouchDatabase) async throws -> [DocumentID: Data] {
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

    private static func readable<Value: Sendable>(
        _ part: Part, _ read: () async throws -> Value?
    ) async throws -> Answered<Value> {
        do {
            return (try await read(), nil)
        } catch let error as CouchError where error.isRejection || isLacking(error) {
            return (nil, UnreadSetting(part: part, error: error))
        }
    }

    /// Whether CouchDB itself says that it has no such thing.
    private static func isLacking(_ error: CouchError) -> Bool {
        error.error != nil && !error.isDatabaseMissing && [400, 404, 405, 501].contains(error.status)
    }
}
