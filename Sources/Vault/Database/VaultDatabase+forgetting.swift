import CouchDB
import Foundation
import GRDB
import Replication

/// What replication does not tell: leaves that the source has no more without having replaced them.
extension VaultDatabase {
    /// Whether ids and revisions can be read; not with a key that only writes.
    package var isReadable: Bool {
        get throws { try file.keyring()?.key.canRead ?? true }
    }

    /// Ends leaves as of the moment that is being written, since the source has them no more. At older moments they stay.
    ///
    /// - Returns: how many leaves there were.
    package func forget(_ documents: [DocumentLeaves]) async throws -> Int {
        try writable()
        let file = file
        return try await file.write { database in
            let naming = try file.naming()
            var writing = try RevisionWriting(file: file, database: database)
            let count = try documents.reduce(0) { $0 + (try writing.forget($1, naming)) }
            try writing.finish()
            return count
        }
    }

    /// Hands out the leaves that were stored since the last mark was left in the source, as a run that was cut off leaves
    /// them; some at a time, and none after a run that came to its end and left its mark.
    ///
    /// - Parameter moment: the moment behind which they were stored; nil for that of the last mark.
    /// - Returns: Whether some are in no moment yet: the run that stored them was cut off.
    @discardableResult
    package func unmarked(
        behind moment: Int? = nil, _ receive: ([DocumentLeaves]) async throws -> Void
    ) async throws -> Bool {
        var (last, isOpen): (Int64?, Bool) = (.max, false)
        while let place = last {
            let page = try await file.read { database in
                try Self.unmarked(before: place, behind: moment, file, database)
            }
            last = page.last
            isOpen = isOpen || page.isOpen
            if !page.documents.isEmpty { try await receive(page.documents) }
        }
        return isOpen
    }

    private static func unmarked(
        before last: Int64, behind moment: Int?, _ file: VaultFile, _ database: Database
    ) throws -> (documents: [DocumentLeaves], last: Int64?, isOpen: Bool) {
        let state = try StateRow(database)
        let marked = try moment ?? Epoch.newest(database).source.markedMoment
        let naming = try file.naming()
        // The newest rows are the last ones: what is older is never looked at.
        let statement = try database.cachedStatement(
            sql: "SELECT \(LeafRow.columns) FROM leaf WHERE id < ? ORDER BY id DESC LIMIT 500")
        let rows = try statement.rows(database) { $0.append(last) }
        var (found, last, isOpen): ([DocumentLeaves], Int64?, Bool) = ([], nil, false)
        while let (row, leaf) = try rows.next({ (try $0.integer(0), LeafRow.sound($0)) }) {
            last = row
            // A damaged one tells nothing.
            guard let leaf else { continue }
            guard leaf.added >= state.first, leaf.added > marked ?? 0 else { return (found, nil, isOpen) }
            isOpen = isOpen || leaf.added == state.moment
            let (id, path) = try naming.reveal(leaf, database)
            // A row that was replaced within the run still tells how far it came.
            found.append(DocumentLeaves(id: id, revisions: leaf.superseded == nil ? [path.leaf] : []))
        }
        return (found, last, isOpen)
    }
}
