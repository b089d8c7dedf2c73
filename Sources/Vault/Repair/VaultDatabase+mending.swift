import CouchDB
import Foundation
import GRDB
import Replication

extension VaultDatabase {
    /// Puts a revision in the place of what is damaged of it, where it is to the last bit what was stored.
    ///
    /// Nothing else changes: no row of a leaf or of a moment, and so no moment's sum, which goes on proving it. Durable when
    /// this returns.
    ///
    /// - Returns: whether it was the same; else nothing was changed.
    /// - Throws: `VaultError`, `CouchError` where an attachment was cut off, `CancellationError`.
    package func mend(_ revision: Revision) async throws -> Bool {
        try writable()
        try repairable()
        let (prepared, refusals) = try await prepare([revision], try await dictionary(for: [], nil), nil)
        let drafts = prepared.flatMap { $0.attachments.compactMap(\.draft) }
        defer { for draft in drafts { file.objects.drop(draft) } }
        guard refusals.isEmpty, let prepared = prepared.first else { return false }
        let file = file
        return try await file.write { try RevisionMending(file: file, database: $0).mend(prepared) }
    }
}

/// Puts bytes back within one transaction.
private struct RevisionMending {
    let file: VaultFile
    let database: Database

    func mend(_ revision: PreparedRevision) throws -> Bool {
        let rows = try database.cachedStatement(sql: "SELECT \(LeafRow.columns) FROM leaf WHERE key = ?")
            .rows(database) { $0.append(revision.key) }
        var bodies: Set<Int64> = []
        while let read = try rows.next({ columns in Result { try LeafRow(columns) } }) {
            guard case .success(let row) = read, row.name == revision.name,
                try row.revisionPath().leaf == revision.path.leaf
            else { continue }
            let digest = row.digest(
                document: revision.documentHash, attachments: revision.attachments.map(\.sha256))
            // A row of another time may have had another content under the same revision.
            if digest == row.digest { bodies.insert(row.body) }
        }
        guard !bodies.isEmpty, let attachments = try attachmentRows(of: revision) else { return false }
        for attachment in revision.attachments { try put(attachment) }
        for body in bodies.sorted() {
            try database.execute(sql: "DELETE FROM body WHERE id = ?", arguments: [body])
            try revision.writeBody(body, attachments, database)
        }
        return true
    }

    /// The rows of the attachments; nil where one is gone, which the tally of all would go on telling.
    private func attachmentRows(of revision: PreparedRevision) throws -> [Int64]? {
        var rows: [Int64] = []
        for attachment in revision.attachments {
            let row = try Int64.fetchOne(
                database, sql: "SELECT id FROM attachment WHERE sha256 = ?", arguments: [attachment.sha256])
            guard let row else { return nil }
            rows.append(row)
        }
        return rows
    }

    private func put(_ attachment: PreparedAttachment) throws {
        switch attachment {
        case .small(let data, let sha256, _, _):
            try database.execute(
                sql: "UPDATE attachment SET data = ? WHERE sha256 = ?", arguments: [data, sha256])
        case .large(let draft):
            try file.objects.keep(draft)
        }
    }
}
