import Foundation

/// Where the checkpoints go that others leave: `_local` documents, which are no part of a replica.
package protocol LocalDocumentStore: Sendable {
    /// The document with this id, `_local/` included; nil where there is none.
    func localDocument(_ id: String, of database: String) async throws -> LocalDocument?

    /// Puts a document in the place of whatever is there, which CouchDB does not compare with what the writer has seen.
    func putLocalDocument(_ id: String, of database: String, _ document: LocalDocument) async throws

    /// Removes a document.
    ///
    /// - Returns: whether it was there.
    func removeLocalDocument(_ id: String, of database: String) async throws -> Bool
}

/// A `_local` document.
package struct LocalDocument: Sendable, Hashable {
    /// The number of its revision, which is written `0-number`: one more than that of the revision that the writer named.
    package var number: Int
    /// A JSON object with its members other than `_id` and `_rev`.
    package var members: Data

    package init(number: Int, members: Data) {
        self.number = number
        self.members = members
    }
}
