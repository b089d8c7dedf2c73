import CouchDB

/// What a database has that can be asked for in a moment, whatever its size: for the level `counts`.
package struct DatabaseOutline: Sendable, Hashable {
    /// `_security`; nil where the replica has none.
    package var security: SecurityObject?
    /// The design documents that are not deleted, and perhaps some that are.
    package var designDocuments: [DocumentID]

    package init(security: SecurityObject? = nil, designDocuments: [DocumentID] = []) {
        (self.security, self.designDocuments) = (security, designDocuments)
    }
}

extension CouchReplica {
    package func outline() async throws -> DatabaseOutline {
        DatabaseOutline(
            security: SecurityObject(try await database.security()),
            designDocuments: try await database.designDocumentIDs().map { DocumentID($0) })
    }
}
