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
        var outline = DatabaseOutline(security: SecurityObject(try await database.security()))
        var start = "_design/"
        while true {
            // "0" follows "/": ids are ordered by their bytes.
            let page = try await database.documents(from: start, to: "_design0", limit: Self.designDocumentsTogether)
            let new = page.first?.id == outline.designDocuments.last?.text ? page.dropFirst() : page[...]
            outline.designDocuments += new.map { DocumentID($0.id) }
            guard let last = new.last, page.count == Self.designDocumentsTogether else { return outline }
            start = last.id
        }
    }

    private static let designDocumentsTogether = 1000
}
