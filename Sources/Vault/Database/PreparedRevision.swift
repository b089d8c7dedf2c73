import CouchDB
import Crypto
import Foundation
import GRDB
import Replication

/// A revision in the form in which it is stored, made before the writer's turn comes.
struct PreparedRevision: Sendable {
    let name: Data
    let key: Int64
    let path: RevisionPath
    let isDeleted: Bool
    /// Of the document, or of what is left of it, before compression.
    let size: Int
    let trim: DocumentTrim?
    let coding: BodyCoding
    let data: Data
    /// Of the document, or of its sealed form.
    let documentHash: SHA256Digest
    /// The sealed id and history; nil where the backup is not encrypted.
    let history: Data?
    var attachments: [PreparedAttachment] = []

    init(_ revision: Revision, compressor: FrameCompressor, naming: Naming, sealer: Sealer?) throws {
        name = naming.name(revision.id)
        key = LeafRow.key(name)
        path = naming.path(revision.path, name: name)
        isDeleted = revision.isDeleted
        let cut = DocumentTrim.cut(revision.document, id: revision.id, path: revision.path)
        let text = cut?.rest ?? revision.document
        (trim, size) = (cut?.trim, text.count)
        let packed = compressor.compress(text)
        coding = packed.coding
        if let sealer {
            data = try sealer.seal(packed.data, .body, [name, Data(path.leaf.description.utf8)])
            documentHash = StoredBody.hash(
                sealed: data, coding: coding.number, size: size, trim: trim?.number)
            history = try sealer.seal(
                History(id: revision.id, path: revision.path).data, .history, [name])
        } else {
            data = packed.data
            documentHash = SHA256.hash(data: revision.document)
            history = nil
        }
    }
}

extension PreparedRevision {
    /// Writes the row of its body.
    func writeBody(_ id: Int64, _ attachments: [Int64], _ database: Database) throws {
        let statement = try database.cachedStatement(
            sql: "INSERT INTO body (id, coding, size, trim, attachments, data) VALUES (?, ?, ?, ?, ?, ?)")
        try statement.run(database) { values in
            values.append(id)
            values.append(coding.number)
            values.append(size)
            values.append(trim?.number)
            values.append(AttachmentList.encode(attachments))
            values.append(data)
        }
    }
}

/// An attachment on its way into the vault.
enum PreparedAttachment: Sendable {
    /// - Parameters:
    ///   - sha256: of the bytes, or its keyed digest where the backup is encrypted.
    ///   - size: of the bytes before sealing.
    ///   - stored: the SHA-256 of sealed data, nil where it is not sealed.
    case small(data: Data, sha256: Data, size: Int, stored: Data?)
    case large(ObjectFolder.Draft)

    var sha256: Data {
        switch self {
        case .small(_, let sha256, _, _): sha256
        case .large(let draft): draft.sha256
        }
    }
}

extension PreparedAttachment {
    /// The number of its row; nil where it is not known.
    func row(_ database: Database) throws -> Int64? {
        try Int64.fetchOne(
            database.cachedStatement(sql: "SELECT id FROM attachment WHERE sha256 = ?"), arguments: [sha256])
    }

    /// Puts the bytes of a known attachment into their place again: what is there may be damaged.
    func putBack(in file: VaultFile, _ database: Database) throws {
        guard !file.isEncrypted else { return try replaceSealed(in: file, database) }
        switch self {
        case .small(let data, let sha256, _, _):
            try database.cachedStatement(sql: "UPDATE attachment SET data = ?1 WHERE sha256 = ?2 AND data IS NOT ?1")
                .execute(arguments: [data, sha256])
        case .large(let draft):
            try file.objects.keep(draft)
        }
    }

    /// What is sealed anew is other bytes, and its row has to name them: only where those that it names are not there.
    ///
    /// A kill between file and row leaves one that is damaged, as it was before.
    private func replaceSealed(in file: VaultFile, _ database: Database) throws {
        let statement = try database.cachedStatement(
            sql: "SELECT id, stored, data FROM attachment WHERE sha256 = ?")
        guard let row = try Row.fetchOne(statement, arguments: [sha256]) else { return }
        let (id, stored): (Int64, Data?) = (try row.checked(0), try row.checkedOptional(1))
        let data: Data? = try row.checkedOptional(2)
        let new: (stored: Data?, data: Data?)
        switch self {
        case .small(let sealed, _, _, let hash):
            guard data.map({ Data(SHA256.hash(data: $0)) }) != stored else { return }
            new = (hash, sealed)
        case .large(let draft):
            guard try file.objects.storedHash(of: sha256) != stored else { return }
            try file.objects.keep(draft)
            new = (draft.stored, draft.sealed)
        }
        try Ledger.attachment.update(id, set: "stored", to: new.stored, database)
        try database.cachedStatement(sql: "UPDATE attachment SET data = ? WHERE id = ?")
            .execute(arguments: [new.data, id])
    }
}
