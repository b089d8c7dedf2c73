import Crypto
import Foundation
import GRDB

/// Finds what of stored revisions is not as it was stored, within one transaction; each attachment is read once.
struct DamageSearch {
    private let file: VaultFile
    private let database: Database
    private var bodies: BodyReading
    /// The attachments that were read, and whether they are whole.
    private var attachments: [Int64: Bool] = [:]
    /// Bytes that were read.
    private(set) var readBytes = 0

    init(_ file: VaultFile, _ database: Database) throws {
        (self.file, self.database) = (file, database)
        bodies = try BodyReading(file, database)
    }

    /// What of a revision is not as it was stored; nil where all is.
    mutating func damage(of leaf: LeafRow) throws -> DamagedRevision.Part? {
        // A row that can't be read is damaged as one that says something else.
        guard let body = try? bodies.body(of: leaf) else { return .document }
        readBytes += body.document.count
        guard leaf.digest == leaf.digest(of: body) else { return .document }
        for attachment in body.attachments where try !isWhole(attachment) { return .attachment }
        return nil
    }

    private mutating func isWhole(_ attachment: StoredAttachment) throws -> Bool {
        if let known = attachments[attachment.id] { return known }
        try Task.checkCancellation()
        readBytes += attachment.size
        let found: Bool
        if attachment.isFile {
            // What the disk does not give back is as lost as what it gives back wrong.
            let read = try? file.objects.hash(of: attachment.sha256)
            found = read?.sha256 == attachment.sha256 && read?.size == attachment.size
        } else {
            let data = try Data.fetchOne(
                database.cachedStatement(sql: "SELECT data FROM attachment WHERE id = ?"), arguments: [attachment.id])
            found = data?.count == attachment.size && data.map { Data(SHA256.hash(data: $0)) } == attachment.sha256
        }
        attachments[attachment.id] = found
        return found
    }
}
