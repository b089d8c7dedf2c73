import CouchDB
import Foundation
import GRDB
import Replication

extension VaultDatabase {
    /// Reads every document and attachment of all moments, and names the revisions whose content is not what was stored.
    ///
    /// - Parameter onProgress: called on the thread that reads, which waits for it.
    /// - Returns: each once, in the order in which they were stored; where the leaf's own row is gone or damaged, nothing
    ///   proves what belongs there, and it is not among them.
    /// - Throws: `VaultError`: with code `vault-damaged` where SQLite's own structure is broken, with `vault-refused` where
    ///   the backup is encrypted. `CancellationError`.
    package func damagedRevisions(
        onProgress: @escaping @Sendable (CheckProgress) -> Void = { _ in }
    ) async throws -> [DamagedRevision] {
        try repairable()
        let file = file
        return try await file.read { database in
            let problem = try String.fetchOne(database, sql: "PRAGMA quick_check(1)") ?? "ok"
            guard problem == "ok" else {
                throw VaultError(
                    .damaged,
                    "SQLite's own structure is broken (\(problem)), so that nothing can be put into its place",
                    at: file.path, next: "put the vault's folder back from a copy, or begin another vault")
            }
            var search = try DamageSearch(file, database)
            var (found, seen): ([DamagedRevision], [DocumentID: Set<RevisionID>]) = ([], [:])
            var meter = try CheckMeter(.revision, of: "leaf", database, report: onProgress)
            let rows = try database.cachedStatement(sql: "SELECT \(LeafRow.columns) FROM leaf ORDER BY id")
                .rows(database)
            while let row = try rows.next({ columns in Result { try LeafRow(columns) } }) {
                try Task.checkCancellation()
                meter.count(readBytes: search.readBytes)
                guard case .success(let leaf) = row, let part = try search.damage(of: leaf) else { continue }
                let (id, revision) = (leaf.documentID, try leaf.revisionPath().leaf)
                guard seen[id, default: []].insert(revision).inserted else { continue }
                found.append(DamagedRevision(id: id, revision: revision, part: part))
            }
            return found
        }
    }

    /// Those of some revisions that are still damaged.
    ///
    /// - Throws: as ``damagedRevisions(onProgress:)``.
    package func stillDamaged(_ revisions: [DamagedRevision]) async throws -> [DamagedRevision] {
        let file = file
        return try await file.read { database in
            var search = try DamageSearch(file, database)
            let naming = try file.naming()
            return try revisions.filter { damaged in
                try Task.checkCancellation()
                return try LeafRow.all(named: naming.name(damaged.id), damaged.revision, database).contains { leaf in
                    try search.damage(of: leaf) != nil
                }
            }
        }
    }

    func repairable() throws {
        guard file.isEncrypted else { return }
        throw VaultError(
            .refused, "it is encrypted, and nothing that is sealed anew is the same bytes", at: name,
            next: "put the vault's folder back from a copy, or begin another vault")
    }
}

extension LeafRow {
    /// The rows of one revision of a document, at any time; damaged ones are left out.
    static func all(named name: Data, _ revision: RevisionID, _ database: Database) throws -> [LeafRow] {
        let rows = try database.cachedStatement(sql: "SELECT \(LeafRow.columns) FROM leaf WHERE key = ?")
            .rows(database) { $0.append(LeafRow.key(name)) }
        var found: [LeafRow] = []
        while let read = try rows.next({ columns in Result { try LeafRow(columns) } }) {
            guard case .success(let row) = read, row.name == name, try row.revisionPath().leaf == revision else {
                continue
            }
            found.append(row)
        }
        return found
    }
}
