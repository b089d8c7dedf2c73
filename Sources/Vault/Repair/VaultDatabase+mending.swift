import CouchDB
import Foundation
import GRDB
import Replication

/// What came of putting a revision back.
package enum MendingOutcome: Sendable, Hashable {
    /// It is to the last bit what was stored, and is in its place again.
    case mended
    /// It is something else than what was stored under this revision.
    case other
    /// The vault's own row of one of its attachments is gone, and with it the place where that belongs.
    case noPlace
}

extension VaultDatabase {
    /// Puts a revision in the place of what is damaged of it, where it is to the last bit what was stored.
    ///
    /// Nothing else changes: no row of a leaf or of a moment, and so no moment's sum, which goes on proving it. Durable when
    /// this returns; where it was not mended, nothing was changed.
    ///
    /// - Throws: `VaultError`, `CouchError` where an attachment was cut off, `CancellationError`.
    package func mend(_ revision: Revision) async throws -> MendingOutcome {
        try writable()
        try repairable()
        // Without a dictionary, which may be what is damaged.
        let (prepared, refusals) = try await prepare([revision], nil, nil)
        let drafts = prepared.flatMap { $0.attachments.compactMap(\.draft) }
        defer { for draft in drafts { file.objects.drop(draft) } }
        guard refusals.isEmpty, let prepared = prepared.first else { return .other }
        let file = file
        let outcome = try await file.write { database in
            let outcome = try RevisionMending(file: file, database: database).mend(prepared)
            file.onStep?(.beforeCommit)
            return outcome
        }
        file.onStep?(.afterCommit)
        return outcome
    }
}

/// Puts bytes back within one transaction.
private struct RevisionMending {
    let file: VaultFile
    let database: Database

    func mend(_ prepared: PreparedRevision) throws -> MendingOutcome {
        let bodies = try LeafRow.all(named: prepared.name, prepared.path.leaf, database).filter { row in
            // A row of another time may have had another content under the same revision.
            row.digest
                == row.digest(document: prepared.documentHash, attachments: prepared.attachments.map(\.sha256))
        }.map(\.body)
        guard !bodies.isEmpty else { return .other }
        var attachments: [Int64] = []
        for attachment in prepared.attachments {
            // The tally of all would go on telling of a row that is gone.
            guard let row = try attachment.row(database) else { return .noPlace }
            attachments.append(row)
        }
        for attachment in prepared.attachments { try attachment.putBack(in: file, database) }
        file.onStep?(.objectKept)
        for body in Set(bodies).sorted() {
            try database.execute(sql: "DELETE FROM body WHERE id = ?", arguments: [body])
            try prepared.writeBody(body, attachments, database)
        }
        return .mended
    }
}
