import CouchDB
import Crypto
import Foundation
import GRDB
import Replication

extension VaultDatabase {
    /// Reads every document and attachment of all moments, and names the revisions whose content is not what was stored.
    ///
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
            let attachments = try Self.damagedAttachments(file, database)
            var bodies = try BodyReading(file, database)
            var (found, seen): ([DamagedRevision], [DocumentID: Set<RevisionID>]) = ([], [:])
            let rows = try database.cachedStatement(sql: "SELECT \(LeafRow.columns) FROM leaf ORDER BY id")
                .rows(database)
            let total = try Int.fetchOne(database, sql: "SELECT count(*) FROM leaf") ?? 0
            var readBytes = 0
            var meter = CheckMeter(.revision, of: total, report: onProgress)
            while let row = try rows.next({ columns in Result { try LeafRow(columns) } }) {
                try Task.checkCancellation()
                meter.count(readBytes: readBytes)
                guard case .success(let leaf) = row,
                    let part = bodies.damage(of: leaf, attachments: attachments, &readBytes)
                else {
                    continue
                }
                let (id, revision) = (leaf.documentID, try leaf.revisionPath().leaf)
                guard seen[id, default: []].insert(revision).inserted else { continue }
                found.append(DamagedRevision(id: id, revision: revision, part: part))
            }
            return found
        }
    }

    func repairable() throws {
        guard file.isEncrypted else { return }
        throw VaultError(
            .refused, "it is encrypted, and nothing that is sealed anew is the same bytes", at: name,
            next: "put the vault's folder back from a copy, or begin another vault")
    }

    /// The numbers of the attachments whose bytes are not those that were stored.
    private static func damagedAttachments(_ file: VaultFile, _ database: Database) throws -> Set<Int64> {
        var damaged: Set<Int64> = []
        let rows = try Row.fetchCursor(database, sql: "SELECT id, sha256, size, file, data FROM attachment ORDER BY id")
        while let row = try rows.next() {
            try Task.checkCancellation()
            let (id, sha256, size): (Int64, Data, Int) = (try row.checked(0), try row.checked(1), try row.checked(2))
            let isWhole: Bool
            if try row.checked(3) {
                isWhole = VaultFile.size(of: file.objects.path(of: sha256)) == size && file.objects.has(sha256)
            } else {
                let data: Data? = try row.checkedOptional(4)
                isWhole = data.map { $0.count == size && Data(SHA256.hash(data: $0)) == sha256 } ?? false
            }
            if !isWhole { damaged.insert(id) }
        }
        return damaged
    }
}

extension ObjectFolder {
    /// Whether an attachment's file can be read and has its bytes. Blocks.
    fileprivate func has(_ sha256: Data) -> Bool {
        // What the disk does not give back is as lost as what it gives back wrong.
        (try? hash(of: sha256).sha256) == sha256
    }
}

extension BodyReading {
    /// What of a revision is not as it was stored; nil where all is.
    ///
    /// - Parameter readBytes: counts what was read.
    fileprivate mutating func damage(
        of leaf: LeafRow, attachments: Set<Int64>, _ readBytes: inout Int
    ) -> DamagedRevision.Part? {
        // A row that can't be read is damaged as one that says something else.
        guard let body = try? body(of: leaf) else { return .document }
        readBytes += body.document.count
        guard leaf.digest == leaf.digest(of: body) else { return .document }
        return body.attachments.contains { attachments.contains($0.id) } ? .attachment : nil
    }
}
