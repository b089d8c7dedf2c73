import Foundation

extension ServerConnection {
    /// All replication documents of a `_replicator` database; none where the database does not exist.
    ///
    /// Design documents are left out. Without the rights of a server admin, credentials are missing in what is read.
    public func replicationDocuments(in database: String = "_replicator") async throws -> [ReplicationDocument] {
        do {
            var documents: [ReplicationDocument] = []
            var start: String?
            while true {
                let page = try await self.database(database).documents(
                    from: start, limit: 500, includeDocuments: true)
                let new = start == page.first?.id ? page.dropFirst() : page[...]
                documents += try new.filter { !$0.id.hasPrefix("_design/") }.compactMap(\.document)
                    .map { try ReplicationDocument(answer: JSONValue(parsing: $0)) }
                guard let last = new.last, page.count == 500 else { return documents }
                start = last.id
            }
        } catch let error as CouchError where error.isDatabaseMissing {
            return []
        }
    }

    /// Starts or cancels a transient replication with `POST /_replicate`, and returns the server's answer.
    ///
    /// A one-shot replication is answered when it has ended, however long that takes.
    ///
    /// - Parameters:
    ///   - members: the request, as documented for `/_replicate`; `cancel` with the same members ends a job.
    ///   - timeout: how long the answer is waited for; the replication goes on when it has passed.
    public func replicate(
        _ members: [String: JSONValue], timeout: Duration = .seconds(24 * 3600)
    ) async throws -> JSONValue {
        let request = CouchRequest(.post, ["_replicate"], body: .json(.object(members)))
        return try await lateAnswer(to: request, within: timeout).json(request: request.shown(on: url))
    }
}
