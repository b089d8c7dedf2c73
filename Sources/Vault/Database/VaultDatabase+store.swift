import CouchDB
import Crypto
import Foundation
import GRDB
import Replication

extension VaultDatabase {
    package func store(_ revisions: [Revision], checkpoint: Checkpoint?) async throws -> StoreResult {
        try writable()
        let keyring = try file.keyring()
        let sealer = revisions.isEmpty ? nil : try await keyring?.sealer(file)
        let dictionary = try await dictionary(for: revisions, sealer)
        let (prepared, refusals) = try await prepare(revisions, dictionary, sealer)
        let drafts = prepared.flatMap { $0.attachments.compactMap(\.draft) }
        defer { for draft in drafts { file.objects.drop(draft) } }
        let recorded = refusals.isEmpty ? checkpoint : nil
        let file = file
        try await file.write { database in
            var writing = try RevisionWriting(file: file, database: database)
            // By their places: a loop over the elements would copy each.
            for place in prepared.indices { try writing.store(prepared[place]) }
            try writing.finish()
            if let recorded { try Self.put(recorded, database) }
            file.onStep?(.beforeCommit)
        }
        file.onStep?(.afterCommit)
        return StoreResult(refusals: refusals, didRecordCheckpoint: recorded != nil)
    }

    package func checkpoint(_ id: String) async throws -> Checkpoint? {
        let path = file.path
        return try await file.read { try Self.value(id, called: "a checkpoint", at: path, $0) }
    }

    package func record(_ checkpoint: Checkpoint) async throws {
        try writable()
        try await file.write { try Self.put(checkpoint, $0) }
    }

    private static func put(_ checkpoint: Checkpoint, _ database: Database) throws {
        try put(checkpoint, id: checkpoint.id, database)
    }

    /// Reads what the table of checkpoints has under an id.
    static func value<Value: Decodable>(
        _ id: String, called what: String, at path: String, _ database: Database
    ) throws -> Value? {
        let row = try Row.fetchOne(
            database, sql: "SELECT id, value, hash FROM checkpoint WHERE id = ?", arguments: [id])
        guard let row else { return nil }
        guard Ledger.checkpoint.hash([row[0] as DatabaseValue, row[1] as DatabaseValue]) == (try row.checked(2))
        else { throw VaultError(.damaged, "\(what) was changed", at: path) }
        return try JSONDecoder().decode(Value.self, from: try row.checked(1) as Data)
    }

    /// Puts something into the table of checkpoints, in the place of what was there.
    static func put(_ value: some Encodable, id: String, _ database: Database) throws {
        let encoded = try JSONEncoder().encode(value)
        try Ledger.checkpoint.delete(where: "id = ?", [id], database)
        try Ledger.checkpoint.insert([id, encoded], database)
    }

    /// Compresses and hashes the documents, and writes the large attachments to drafts.
    func prepare(
        _ revisions: [Revision], _ dictionary: CompressionDictionary?, _ sealer: Sealer?
    ) async throws -> ([PreparedRevision], [Refusal]) {
        let compressor = try FrameCompressor(dictionary: dictionary)
        let naming = try file.naming()
        var prepared: [PreparedRevision] = []
        prepared.reserveCapacity(revisions.count)
        var refusals: [Refusal] = []
        var drafts: [ObjectFolder.Draft] = []
        do {
            for revision in revisions {
                guard Self.hasItsAttachments(revision) else {
                    refusals.append(
                        Refusal(
                            id: revision.id, revision: revision.revision, stage: .storing, error: "bad_attachments",
                            reason: "the document names other attachments than those that came with it"))
                    continue
                }
                var stored = try PreparedRevision(revision, compressor: compressor, naming: naming, sealer: sealer)
                for attachment in revision.attachments {
                    let one = try await prepare(attachment, naming.keyring, sealer)
                    if let draft = one.draft { drafts.append(draft) }
                    stored.attachments.append(one)
                }
                prepared.append(stored)
            }
        } catch {
            for draft in drafts { file.objects.drop(draft) }
            throw VaultError.wrapping(error, at: file.folder)
        }
        return (prepared, refusals)
    }

    private func prepare(
        _ attachment: Attachment, _ keyring: Keyring?, _ sealer: Sealer?
    ) async throws -> PreparedAttachment {
        guard attachment.size > ObjectFolder.threshold else {
            let data = try await attachment.read(at: 0, count: attachment.size)
            guard data.count == attachment.size else {
                throw CouchError(.malformedAnswer, "the attachment “\(attachment.member.name)” was cut off")
            }
            let sha256 = Data(SHA256.hash(data: data))
            guard let keyring, let sealer else {
                return .small(data: data, sha256: sha256, size: data.count, stored: nil)
            }
            let token = keyring.token("attachment", [sha256])
            let sealed = try sealer.seal(data, .attachment, [token])
            return .small(
                data: sealed, sha256: token, size: data.count, stored: Data(SHA256.hash(data: sealed)))
        }
        let draft = try await file.objects.draft(attachment, sealer: sealer, keyring: keyring)
        file.onStep?(.draftWritten)
        return .large(draft)
    }

    /// Whether the document names the attachments in their order, so that they can be handed out again.
    private static func hasItsAttachments(_ revision: Revision) -> Bool {
        guard !revision.attachments.isEmpty else { return true }
        // A document that can't be read is refused, as the caller tells.
        guard let members = try? DocumentMembers(of: revision.document).attachments else { return false }
        return members == revision.attachments.map(\.member)
    }

    /// The dictionary to compress with; learnt once there are enough documents to learn from.
    private func dictionary(
        for revisions: [Revision], _ sealer: Sealer?
    ) async throws -> CompressionDictionary? {
        // A dictionary is made of documents, which a machine that only writes can't read.
        guard try file.keyring()?.key.canRead ?? true else { return nil }
        let file = file
        let (known, samples) = try await file.read { database -> (CompressionDictionary?, [Data]) in
            if let known = try BodyReading.dictionaries(file, database).last { return (known, []) }
            let stored = try Int64.fetchOne(database, sql: "SELECT max(id) FROM body") ?? 0
            guard Int(stored) + revisions.count >= CompressionDictionary.minimumSamples else { return (nil, []) }
            var reading = try BodyReading(file, database)
            var (older, bytes): ([Data], Int) = ([], 0)
            let statement = try database.cachedStatement(
                sql: "SELECT \(LeafRow.columns) FROM leaf ORDER BY id DESC LIMIT ?")
            let rows = try statement.rows(database) { $0.append(CompressionDictionary.maximumSamples) }
            while bytes < CompressionDictionary.maximumSampleBytes, let row = try rows.next(LeafRow.sound) {
                guard let row, let text = try reading.text(of: row) else { continue }
                older.append(text)
                bytes += text.count
            }
            let texts = revisions.map {
                DocumentTrim.cut($0.document, id: $0.id, path: $0.path)?.rest ?? $0.document
            }
            return (nil, texts + older)
        }
        guard known == nil, let bytes = CompressionDictionary.trained(on: samples) else { return known }
        return try await file.write { database in
            // Another batch may have brought one meanwhile.
            if let known = try BodyReading.dictionaries(file, database).last { return known }
            // Beside one that is lost.
            let number = (try Ledger.dictionary.numbers(database).last ?? 0) + 1
            let stored = try sealer?.seal(bytes, .dictionary, [Data(number: number)]) ?? bytes
            try Ledger.dictionary.insertTwice(number, [stored], database)
            return CompressionDictionary(id: number, bytes: bytes)
        }
    }
}

extension PreparedAttachment {
    var draft: ObjectFolder.Draft? {
        guard case .large(let draft) = self else { return nil }
        return draft
    }
}
