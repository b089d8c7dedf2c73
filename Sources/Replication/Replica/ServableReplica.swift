import CouchDB

/// A replica that can also be looked up at random, as a server that hands it out has to.
package protocol ServableReplica: Replica {
    /// The next rows of the changes feed behind a position, oldest change first, each with its own position and all its
    /// leaf revisions, the winner first.
    ///
    /// - Parameters:
    ///   - limit: the largest number of rows.
    ///   - patience: how long to wait for a change where there is none; nil to answer at once. A replica that can't
    ///     change any more, such as one as of a moment, may answer at once.
    /// - Throws: `CouchError` with code `invalid-input` where the position is none of this replica's.
    func changeRows(since sequence: UpdateSequence, limit: Int, patience: Duration?) async throws -> ChangeRows

    /// The rows of some documents behind a position, as ``changeRows(since:limit:patience:)`` gives them, found without
    /// reading all others.
    ///
    /// - Returns: the rows; the last position is the end of the feed where they are all.
    func changeRows(
        of ids: Set<DocumentID>, since sequence: UpdateSequence, limit: Int
    ) async throws -> ChangeRows

    /// How many documents have changed behind a position.
    func pendingChanges(since sequence: UpdateSequence) async throws -> Int

    /// All leaf revisions of one document, the winner first; none where there is no such document.
    func leaves(of id: DocumentID) async throws -> [Leaf]

    /// The same of several documents, in their order; for a replica that reads many in little more time than one.
    func leaves(ofEach ids: [DocumentID]) async throws -> [[Leaf]]

    /// Documents that are not deleted, in the order of their ids or the reverse, from a place on.
    ///
    /// - Parameter start: the first document that may be listed, itself included; nil for the beginning.
    func documents(from start: DocumentID?, descending: Bool, limit: Int) async throws -> [DocumentWinner]

    /// Hands out all documents that are not deleted, in the order of their ids or the reverse, from a place on, until the
    /// receiver returns false. For long listings: a replica that has to sort does it once.
    func readDocuments(
        from start: DocumentID?, descending: Bool, receive: ([DocumentWinner]) async throws -> Bool
    ) async throws

    /// What belongs to the database beside its documents.
    func settings() async throws -> DatabaseSettings
}

extension ServableReplica {
    package func settings() async throws -> DatabaseSettings { DatabaseSettings() }

    package func leaves(ofEach ids: [DocumentID]) async throws -> [[Leaf]] {
        var found: [[Leaf]] = []
        for id in ids { found.append(try await leaves(of: id)) }
        return found
    }

    package func readDocuments(
        from start: DocumentID?, descending: Bool, receive: ([DocumentWinner]) async throws -> Bool
    ) async throws {
        try await readPages(from: start, descending: descending, receive: receive)
    }

    /// Reads page by page, each from the last document of the one before.
    package func readPages(
        from start: DocumentID?, descending: Bool, receive: ([DocumentWinner]) async throws -> Bool
    ) async throws {
        var (from, last): (DocumentID?, DocumentID?) = (start, nil)
        while true {
            let page = try await documents(from: from, descending: descending, limit: 5000)
            let rows = page.filter { $0.id != last }
            guard let end = rows.last?.id, try await receive(rows) else { return }
            (from, last) = (end, end)
        }
    }
}
