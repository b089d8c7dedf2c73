import CouchDB
import Crypto
import Foundation
import GRDB
import Replication

/// An attachment as the vault stores it.
struct StoredAttachment: Hashable, Sendable {
    var id: Int64
    var sha256: Data
    var size: Int
    var isFile: Bool
}

/// A document with its attachments, as the vault stores it.
struct StoredBody: Hashable, Sendable {
    var id: DocumentID
    var path: RevisionPath
    var document: Data
    var attachments: [StoredAttachment]
    /// Of the document, or where the backup is encrypted of its sealed form, so that a check needs no key.
    var hash: SHA256Digest

    /// The hash of a sealed body with what its row says of it.
    static func hash(sealed data: Data, coding: Int, size: Int, trim: Int?) -> SHA256Digest {
        var hasher = SHA256()
        hasher.update(data: Data(number: coding) + Data(number: size) + Data(number: trim ?? .min))
        hasher.update(data: data)
        return hasher.finalize()
    }
}

/// What a check needs of a stored document, which it may not be able to read.
struct CheckableBody: Hashable, Sendable {
    /// The bytes that were read.
    var size: Int
    var attachments: [StoredAttachment]
    var hash: SHA256Digest
    /// The document, where no key is needed to read it.
    var readable: StoredBody?
}

/// A row of the table of documents.
struct BodyRow {
    static let columns = "coding, size, trim, attachments, data"

    let coding: Int
    let size: Int
    let trim: Int?
    let attachments: Data?
    let data: Data

    init(_ columns: Columns) throws {
        (coding, size) = (Int(try columns.integer(0)), Int(try columns.integer(1)))
        trim = try columns.optionalInteger(2).map { Int($0) }
        (attachments, data) = (try columns.optionalData(3), try columns.data(4))
    }

    /// What the leaf's digest covers where the document is sealed.
    var sealedHash: SHA256Digest { StoredBody.hash(sealed: data, coding: coding, size: size, trim: trim) }
}

/// Reads bodies within one transaction.
struct BodyReading {
    let database: Database
    let file: VaultFile
    private let decompressor: FrameDecompressor
    private var dictionaries: [Int: CompressionDictionary]?

    init(_ file: VaultFile, _ database: Database) throws {
        (self.file, self.database) = (file, database)
        decompressor = try FrameDecompressor()
    }

    /// The body of a leaf; nil where there is none, or where it can't be read.
    mutating func body(of leaf: LeafRow) throws -> StoredBody? {
        guard let row = try row(leaf.body), let (text, trim) = try text(of: leaf, row),
            let attachments = try attachments(row.attachments)
        else { return nil }
        let (id, path) = try file.naming().reveal(leaf, database)
        guard let document = trim.map({ $0.restored(text, id: id, path: path) }) ?? text else { return nil }
        return StoredBody(
            id: id, path: path, document: document, attachments: attachments,
            hash: file.isEncrypted ? row.sealedHash : SHA256.hash(data: document))
    }

    /// The body of a leaf without its document where it is sealed: what can be checked without a key.
    mutating func checkable(of leaf: LeafRow) throws -> CheckableBody? {
        guard file.isEncrypted else {
            return try body(of: leaf).map {
                CheckableBody(size: $0.document.count, attachments: $0.attachments, hash: $0.hash, readable: $0)
            }
        }
        guard let row = try row(leaf.body), let attachments = try attachments(row.attachments) else { return nil }
        return CheckableBody(size: row.data.count, attachments: attachments, hash: row.sealedHash)
    }

    /// Whether the row of one of a leaf's attachments is gone.
    func lacksAttachment(_ leaf: LeafRow) throws -> Bool {
        guard let row = try row(leaf.body) else { return false }
        return try attachments(row.attachments) == nil
    }

    /// What is stored of a leaf's document, as it was before compression; nil where it can't be read.
    mutating func text(of leaf: LeafRow) throws -> Data? {
        guard let row = try row(leaf.body) else { return nil }
        return try text(of: leaf, row)?.text
    }

    private mutating func text(of leaf: LeafRow, _ row: BodyRow) throws -> (text: Data, trim: DocumentTrim?)? {
        guard let coding = BodyCoding(number: row.coding), let packed = try unsealed(row.data, of: leaf) else {
            return nil
        }
        var known: [Int: CompressionDictionary] = [:]
        if case .dictionary = coding { known = try loadDictionaries() }
        let text = try decompressor.decompress(packed, coding: coding, size: row.size) { known[$0] }
        guard let text else { return nil }
        guard let number = row.trim else { return (text, nil) }
        return DocumentTrim(number: number).map { (text, $0) }
    }

    private func row(_ id: Int64) throws -> BodyRow? {
        let statement = try database.cachedStatement(sql: "SELECT \(BodyRow.columns) FROM body WHERE id = ?")
        return try statement.rows(database) { $0.append(id) }.next(BodyRow.init)
    }

    private func unsealed(_ data: Data, of leaf: LeafRow) throws -> Data? {
        guard let keyring = try file.keyring() else { return data }
        return try keyring.open(data, .body, try leaf.bodyIdentity(), database)
    }

    private mutating func loadDictionaries() throws -> [Int: CompressionDictionary] {
        if let dictionaries { return dictionaries }
        var found: [Int: CompressionDictionary] = [:]
        for dictionary in try Self.dictionaries(file, orDamaged: true, database) { found[dictionary.id] = dictionary }
        dictionaries = found
        return found
    }

    /// Made once, since it is wanted for each document with attachments.
    private static let attachmentRow = "SELECT \(Ledger.attachment.selected) FROM attachment WHERE id = ?"

    /// The rows that a body's list of attachments names; nil where one is missing or was changed.
    private func attachments(_ list: Data?) throws -> [StoredAttachment]? {
        guard let list else { return [] }
        let statement = try database.cachedStatement(sql: Self.attachmentRow)
        var attachments: [StoredAttachment] = []
        for id in AttachmentList.decode(list) {
            // A size that was changed would otherwise decide how much is read, and so whether anything is compared.
            guard let row = try Row.fetchOne(statement, arguments: [id]), Ledger.attachment.isSound(row) else {
                return nil
            }
            attachments.append(
                StoredAttachment(
                    id: id, sha256: try row.checked(1), size: try row.checked(2), isFile: try row.checked(3)))
        }
        return attachments
    }

    /// The dictionaries of a backup.
    ///
    /// - Parameter takesDamaged: takes damaged ones too: what they still decompress right is proved by its digest.
    static func dictionaries(
        _ file: VaultFile, orDamaged takesDamaged: Bool = false, _ database: Database
    ) throws -> [CompressionDictionary] {
        let keyring = try file.keyring()
        return try Ledger.dictionary.numbers(database).compactMap { id in
            let sound = try Ledger.dictionary.sound(id, database)
            guard let row = try sound ?? (takesDamaged ? Ledger.dictionary.row(id, database) : nil) else { return nil }
            let data: Data = try row.checked(1)
            guard let keyring else { return CompressionDictionary(id: id, bytes: data) }
            return try keyring.open(data, .dictionary, [Data(number: id)], database)
                .map { CompressionDictionary(id: id, bytes: $0) }
        }
    }
}

extension LeafRow {
    /// What a sealed body is bound to: its document and revision.
    func bodyIdentity() throws -> [Data] {
        let revision = try revisionPath().leaf
        return [name, Data(revision.description.utf8)]
    }
}
