import CouchDB
import Foundation
import GRDB
import Replication

/// How one document differs between two moments.
package struct DocumentDifference: Sendable, Hashable {
    package enum Kind: String, Sendable, Hashable { case added, deleted, changed, resurrected, gone }

    package var id: DocumentID
    package var kind: Kind
    /// The leaf revisions at the earlier and at the later moment, the winner first.
    package var before: [RevisionID]
    package var after: [RevisionID]
}

extension VaultDatabase {
    /// Hands out the documents that differ between two moments, in no particular order of their ids.
    ///
    /// Memory is bounded: documents are found by pages.
    package func differences(
        from earlier: Moment, to later: Moment, receive: (DocumentDifference) async throws -> Void
    ) async throws {
        var last: Int64? = 0
        let naming = try file.naming()
        while let place = last {
            let page = try await file.read { database in
                try Self.differences(
                    from: earlier.number, to: later.number, after: place, naming, database)
            }
            for difference in page.differences { try await receive(difference) }
            last = page.last
        }
    }

    private static let differencePage = 500

    private static func differences(
        from earlier: Int, to later: Int, after place: Int64, _ naming: Naming, _ database: Database
    ) throws -> (differences: [DocumentDifference], last: Int64?) {
        let (old, new) = (try horizon(of: earlier, database), try horizon(of: later, database))
        // A row that only one of the moments shows.
        let rows = try Row.fetchAll(
            database.cachedStatement(
                sql: """
                    SELECT key, id, name FROM leaf WHERE id > ?5 \
                    AND (added >= ?1 AND added <= ?2 AND (superseded IS NULL OR superseded > ?2)) \
                    <> (added >= ?3 AND added <= ?4 AND (superseded IS NULL OR superseded > ?4)) \
                    ORDER BY id LIMIT ?6
                    """),
            arguments: [old.first, earlier, new.first, later, place, differencePage])
        var differences: [DocumentDifference] = []
        for row in rows {
            let (key, id, name): (Int64, Int64, Data) = (try row.checked(0), try row.checked(1), try row.checked(2))
            let before = try old.leaves(key: key, name: name, database)
            let after = try new.leaves(key: key, name: name, database)
            // Each document once: at the first of the rows that differ.
            let (oldIDs, newIDs) = (Set(before.map(\.id)), Set(after.map(\.id)))
            guard oldIDs.symmetricDifference(newIDs).min() == id,
                let difference = try difference(before, after, naming, database)
            else { continue }
            differences.append(difference)
        }
        guard rows.count == differencePage, let last = rows.last else { return (differences, nil) }
        return (differences, try last.checked(1))
    }

    private static func difference(
        _ before: [LeafRow], _ after: [LeafRow], _ naming: Naming, _ database: Database
    ) throws -> DocumentDifference? {
        let old = try naming.winnerFirst(before, database).map(\.revision)
        let new = try naming.winnerFirst(after, database).map(\.revision)
        guard Set(old) != Set(new), let row = after.first ?? before.first else { return nil }
        func isDeleted(_ rows: [LeafRow]) -> Bool { rows.allSatisfy(\.isDeleted) }
        let kind: DocumentDifference.Kind =
            if after.isEmpty {
                .gone
            } else if before.isEmpty {
                isDeleted(after) ? .deleted : .added
            } else {
                isDeleted(before) == isDeleted(after) ? .changed : isDeleted(after) ? .deleted : .resurrected
            }
        return DocumentDifference(
            id: try naming.reveal(row, database).id, kind: kind, before: old, after: new)
    }
}
