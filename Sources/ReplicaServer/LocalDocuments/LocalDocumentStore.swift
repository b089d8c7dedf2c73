import Foundation

/// Where the checkpoints go that others leave: `_local` documents, which are no part of a replica.
package protocol LocalDocumentStore: Sendable {
    /// The document with this id, `_local/` included; nil where there is none.
    func localDocument(_ id: String, of database: String) async throws -> LocalDocument?

    /// Puts a document in the place of the one with this number.
    ///
    /// - Parameter replaced: the number of the document that the writer has seen; 0 for none.
    /// - Returns: the new number, or nil where another document is there than that one. Where there is none at all, the
    ///   write is taken whatever the number is, as CouchDB does it: so a store may forget.
    func putLocalDocument(
        _ id: String, of database: String, members: Data, replacing replaced: Int
    ) async throws -> Int?

    /// Removes the document with this number.
    ///
    /// - Returns: whether it was there.
    func removeLocalDocument(_ id: String, of database: String, number: Int) async throws -> Bool
}

/// A `_local` document.
package struct LocalDocument: Sendable, Hashable {
    /// The number of its revision, which is written `0-number`.
    package var number: Int
    /// A JSON object with its members other than `_id` and `_rev`.
    package var members: Data

    package init(number: Int, members: Data) {
        self.number = number
        self.members = members
    }
}
