import CouchDB
import Crypto
import Foundation
import GRDB
import Replication

/// Reads revisions within one transaction, and checks each against its digest.
struct RevisionReading {
    let file: VaultFile
    let horizon: Horizon
    let listed: ListedRows?
    let database: Database
    private var bodies: BodyReading
    private let naming: Naming

    init(file: VaultFile, horizon: Horizon, listed: ListedRows? = nil, database: Database) throws {
        (self.file, self.horizon, self.listed, self.database) = (file, horizon, listed, database)
        bodies = try BodyReading(file, database)
        naming = try file.naming()
    }

    /// What the vault has for each of the revisions of a document.
    mutating func answers(to wanted: DocumentLeaves) throws -> [RevisionAnswer] {
        let (name, rows) = try rows(of: wanted.id)
        // Most documents have one leaf, and it is the one that is asked for.
        if rows.count == 1, wanted.revisions.count == 1,
            try rows[0].revisionPath().leaf == naming.revision(wanted.revisions[0], name: name)
        {
            return [try answer(to: wanted.revisions[0], of: wanted.id, with: rows)]
        }
        var tree = RevisionTree<LeafRow>()
        for row in rows { tree.insert(try row.revisionPath(), isDeleted: row.isDeleted, body: row) }
        return try wanted.revisions.map { revision in
            let leaves = tree.leaves(descendingFrom: naming.revision(revision, name: name)).compactMap(\.body)
            return try answer(to: revision, of: wanted.id, with: leaves)
        }
    }

    private func rows(of id: DocumentID) throws -> (name: Data, rows: [LeafRow]) {
        if let rows = listed?.take(id), let name = rows.first?.name { return (name, rows) }
        let name = naming.name(id)
        return (name, try horizon.leaves(key: LeafRow.key(name), name: name, database))
    }

    private mutating func answer(
        to revision: RevisionID, of id: DocumentID, with leaves: [LeafRow]
    ) throws -> RevisionAnswer {
        guard !leaves.isEmpty else {
            return unavailable(id, revision, "not_found", "the vault does not have this revision")
        }
        var given: [Revision] = []
        given.reserveCapacity(leaves.count)
        for leaf in leaves {
            guard let found = try self.revision(leaf) else {
                return unavailable(id, revision, "damaged", "what the vault has is not what was stored")
            }
            given.append(found)
        }
        return RevisionAnswer(id: id, revision: revision, outcome: .given(given))
    }

    /// The revision of a row; nil where its content is not the one that was stored.
    mutating func revision(_ row: LeafRow) throws -> Revision? {
        guard let body = try bodies.body(of: row), row.digest(of: body) == row.digest else { return nil }
        var attachments: [Attachment] = []
        if !body.attachments.isEmpty {
            // What can't be read now was read when it was stored.
            guard let members = try? DocumentMembers(of: body.document).attachments,
                members.count == body.attachments.count
            else { return nil }
            for (member, stored) in zip(members, body.attachments) {
                guard let content = try content(of: stored) else { return nil }
                attachments.append(Attachment(member: member, content: content))
            }
        }
        return Revision(
            id: body.id, path: body.path, isDeleted: row.isDeleted, document: body.document,
            attachments: attachments)
    }

    private func content(of stored: StoredAttachment) throws -> Attachment.Content? {
        let data = try Data.fetchOne(
            database.cachedStatement(sql: "SELECT data FROM attachment WHERE id = ?"), arguments: [stored.id])
        if let keyring = naming.keyring { return try content(of: stored, data, keyring) }
        guard stored.isFile else {
            guard let data, Data(SHA256.hash(data: data)) == stored.sha256 else { return nil }
            return .memory(data)
        }
        return .reader(
            ObjectReader(
                path: file.objects.path(of: stored.sha256), sha256: stored.sha256, size: stored.size, still: file.still)
        )
    }

    /// The content of an attachment of an encrypted backup.
    private func content(
        of stored: StoredAttachment, _ data: Data?, _ keyring: Keyring
    ) throws -> Attachment.Content? {
        guard let data, let number = Sealer.number(of: data),
            let plain = try keyring.open(data, .attachment, [stored.sha256], database)
        else { return nil }
        guard stored.isFile else { return .memory(plain) }
        let sealer = Sealer(database: keyring.database, number: number, key: try keyring.dataKey(number, database))
        return .reader(
            SealedObjectReader(
                path: file.objects.path(of: stored.sha256), size: stored.size,
                object: SealedObject(name: plain, sealer: sealer), still: file.still))
    }

    private func unavailable(
        _ id: DocumentID, _ revision: RevisionID, _ error: String, _ reason: String
    ) -> RevisionAnswer {
        RevisionAnswer(
            id: id, revision: revision,
            outcome: .unavailable(
                Refusal(id: id, revision: revision, stage: .fetching, error: error, reason: reason)))
    }
}
