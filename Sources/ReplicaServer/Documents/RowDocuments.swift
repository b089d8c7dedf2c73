import CouchDB
import Replication

/// The documents of rows: read some at a time, since each reading of the replica takes longer than most documents, and
/// handed on one by one.
struct RowDocuments: Sendable {
    let database: ServedDatabase
    let form: DocumentForm
    /// With the winners' `_conflicts`.
    let hasConflicts: Bool

    /// Hands on the documents of rows in the rows' order.
    ///
    /// - Parameters:
    ///   - rows: the winner of each row; nil for a row without a document.
    ///   - receive: takes the place of each row, and its document; nil where there is none.
    /// - Throws: ``UnreadableRevision`` where the replica has a document and can't hand it out.
    func read(
        _ rows: [OrderedFetch.Item?], receive: (Int, RenderedDocument?) async throws -> Void
    ) async throws {
        for start in stride(from: 0, to: rows.count, by: OrderedFetch.chunkSize) {
            let end = min(start + OrderedFetch.chunkSize, rows.count)
            let places = (start..<end).filter { rows[$0] != nil }
            let items = places.compactMap { rows[$0] }
            let leaves = try await leaves(of: items)
            var next = start
            try await database.fetch.run(items) { index, outcome in
                while next < places[index] {
                    try await receive(next, nil)
                    next += 1
                }
                try await receive(next, try document(items[index], outcome, leaves: leaves[index]))
                next += 1
            }
            while next < end {
                try await receive(next, nil)
                next += 1
            }
        }
    }

    /// All leaves of each document, where its conflicts are asked for.
    private func leaves(of items: [OrderedFetch.Item]) async throws -> [[Leaf]] {
        guard hasConflicts else { return Array(repeating: [], count: items.count) }
        return try await database.replica.leaves(ofEach: items.map(\.id))
    }

    private func document(
        _ winner: OrderedFetch.Item, _ outcome: RevisionAnswer.Outcome, leaves: [Leaf]
    ) throws -> RenderedDocument? {
        guard let revision = try outcome.revisions().first else { return nil }
        let extras = DocumentExtras(conflicts: hasConflicts).members(
            winner: winner.revision, path: revision.path, leaves: leaves)
        return try RenderedDocument(revision, form: form, extras: extras)
    }
}
