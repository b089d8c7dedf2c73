import CouchDB
import Foundation
import GRDB
import Replication
import Secrets
import Testing

@testable import Vault

@Suite("An encrypted vault")
struct EncryptionTests {
    private static let secret = "a most unusual word"

    private static func revisions() throws -> [Revision] {
        try (0..<20).map { number in
            try DocumentModel.revision(
                DocumentID("\(secret) \(number)"), members: #""text":"\#(secret) \#(number)""#,
                attachments: attachments(of: number))
        }
    }

    private static func attachments(of number: Int) -> [(name: String, bytes: Data)] {
        [
            ("small", Data("\(secret) small \(number)".utf8)),
            ("large", Data(repeating: UInt8(number % 3), count: 200_000) + Data(secret.utf8)),
        ]
    }

    /// A backup of one moment.
    private static func fill(_ folder: TemporaryVault, _ key: KeySource) async throws {
        let database = try await folder.database(key: key)
        _ = try await database.store(revisions(), checkpoint: nil)
        try await database.store(
            SourceSettings(
                security: Data(#"{"a":"\#(secret)"}"#.utf8), revisionsLimit: 10,
                localDocuments: [DocumentID("_local/\(secret)"): Data(secret.utf8)]))
        try await database.seal(minute: 1)
        try await database.close()
    }

    private static func code(_ body: () async throws -> Void) async -> VaultError.Code? {
        do {
            try await body()
            return nil
        } catch {
            return (error as? VaultError)?.code
        }
    }

    private static func expectWhole(_ database: VaultDatabase) async throws {
        let found = try await database.contents()
        let expected = try revisions()
        #expect(
            Set(found.map { LeafPicture($0, path: $0.path) }) == Set(expected.map { LeafPicture($0, path: $0.path) }))
        for revision in found {
            let other = expected.first { $0.id == revision.id }
            for (attachment, original) in zip(revision.attachments, other?.attachments ?? []) {
                #expect(try await attachment.bytes() == original.bytes())
                #expect(
                    try await attachment.read(at: 65_000, count: 70_000) == original.read(at: 65_000, count: 70_000))
            }
        }
        let settings = try await database.sourceSettings()
        #expect(settings.security == Data(#"{"a":"\#(secret)"}"#.utf8))
        #expect(settings.localDocuments == [DocumentID("_local/\(secret)"): Data(secret.utf8)])
    }

    @Test("Nothing of a document is to be seen in the files", arguments: [false, true])
    func unreadable(isWriteOnly: Bool) async throws {
        let folder = TemporaryVault()
        let key = try VaultKey.make(isWriteOnly: isWriteOnly)
        try await Self.fill(folder, .key(try key.writeKey ?? key))
        for path in try #require(FileManager.default.subpaths(atPath: folder.path)) {
            guard let data = FileManager.default.contents(atPath: "\(folder.path)/\(path)") else { continue }
            #expect(data.range(of: Data(Self.secret.utf8)) == nil, "\(path)")
            #expect(data.range(of: Data(repeating: 1, count: 64)) == nil, "\(path)")
        }
        try await Self.expectWhole(try await folder.database(isWriting: false, key: .key(key)))
    }

    /// A new document that has an attachment of an old one brings the bytes anew.
    @Test(
        "Attachments that are lost or changed come back with the next document that has them", arguments: [false, true])
    func attachmentsComeBack(isWriteOnly: Bool) async throws {
        let folder = TemporaryVault()
        let key = try VaultKey.make(isWriteOnly: isWriteOnly)
        try await Self.fill(folder, .key(key))
        let files = try #require(FileManager.default.subpaths(atPath: folder.path)).filter {
            $0.contains("/objects/") && $0.count { $0 == "/" } == 4
        }
        #expect(files.count == 3)
        for (number, name) in files.sorted().enumerated() {
            let path = "\(folder.path)/\(name)"
            if number == 0 {
                try FileManager.default.removeItem(atPath: path)
            } else {
                let handle = try #require(FileHandle(forUpdatingAtPath: path))
                try handle.seek(toOffset: 70_000)
                try handle.write(contentsOf: Data([0, 1, 2]))
                try handle.close()
            }
        }
        let database = try await folder.database(key: .key(key.writeKey ?? key))
        try await database.file.write {
            try $0.execute(sql: "UPDATE attachment SET data = zeroblob(length(data)) WHERE file = 0")
        }
        #expect(try await !database.check(readData: true).isSound)
        let again = try (0..<20).map { number in
            try DocumentModel.revision(
                DocumentID("again \(number)"), attachments: Self.attachments(of: number))
        }
        _ = try await database.store(again, checkpoint: nil)
        try await database.seal(minute: 2)
        #expect(try await database.check(readData: true).problems == [])
        try await database.close()
        let found = try await folder.database(isWriting: false, key: .key(key)).contents()
        #expect(found.count == 40 && found.allSatisfy { $0.attachments.count == 2 })
        for revision in found { for attachment in revision.attachments { _ = try await attachment.bytes() } }
    }

    @Test("A wrong key is an error of its own, and so is none", arguments: [false, true])
    func wrongKey(isWriteOnly: Bool) async throws {
        let folder = TemporaryVault()
        let key = try VaultKey.make(isWriteOnly: isWriteOnly)
        try await Self.fill(folder, .key(key))
        for other in [try VaultKey.make(isWriteOnly: isWriteOnly), try VaultKey.make(isWriteOnly: !isWriteOnly)] {
            #expect(await Self.code { _ = try await folder.database(key: .key(other)) } == .wrongKey)
            let vault = try await Vault(
                at: folder.path, create: false, now: TemporaryVault.start, key: .key(other))
            #expect(await Self.code { _ = try await vault.check(readData: true) } == .wrongKey)
        }
        #expect(await Self.code { _ = try await folder.database(key: .passphrase(Secret("x"))) } == .wrongKey)

        let locked = try await folder.database()
        #expect(locked.encryption == EncryptionDescription(key: key.id, canWrite: false, canRead: false))
        #expect(await Self.code { _ = try await locked.contents() } == .keyMissing)
        #expect(await Self.code { _ = try await locked.store(Self.revisions(), checkpoint: nil) } == .keyMissing)
        #expect(await Self.code { _ = try await locked.sourceSettings() } == .keyMissing)
        #expect(try await locked.moments().count == 1)
        #expect(try await locked.check(readData: true).problems == [])
    }

    @Test("A machine with the write key goes on backing up, checks and prunes, and can't read what it wrote")
    func writeOnly() async throws {
        let folder = TemporaryVault()
        let key = try VaultKey.make(isWriteOnly: true)
        let writeKey = try #require(try key.writeKey)
        #expect(!writeKey.canRead && writeKey.id == key.id)
        try await Self.fill(folder, .key(writeKey))

        let writer = try await folder.database(key: .key(writeKey))
        #expect(writer.encryption == EncryptionDescription(key: key.id, canWrite: true, canRead: false))
        let known = try Self.revisions()
        func leaves(_ revisions: [Revision]) -> [DocumentLeaves] {
            revisions.map { DocumentLeaves(id: $0.id, revisions: [$0.revision]) }
        }
        #expect(try await writer.missing(leaves(known)) == [])
        let next = try known.prefix(3).map { try DocumentModel.revision($0.id, on: $0.path, members: #""n":2"#) }
        #expect(try await writer.missing(leaves(known + next)) == leaves(next))
        _ = try await writer.store(next, checkpoint: KillTests.checkpoint(2))
        // What is stored again takes no more room.
        _ = try await writer.store(known, checkpoint: nil)
        let settings = SourceSettings(
            security: Data(#"{"a":"\#(Self.secret)"}"#.utf8), revisionsLimit: 10,
            localDocuments: [DocumentID("_local/\(Self.secret)"): Data(Self.secret.utf8)])
        try await writer.store(settings)
        let moment = try await writer.seal(minute: 2)
        let statistics = try await writer.statistics()
        #expect(statistics.leaves == 23)
        #expect(statistics.attachments == 23)
        #expect(try await writer.file.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM setting") } == 3)

        #expect(await Self.code { _ = try await writer.contents() } == .keyMissing)
        #expect(await Self.code { _ = try await writer.feed() } == .keyMissing)
        #expect(await Self.code { _ = try await writer.sourceSettings() } == .keyMissing)
        let wanted = leaves(next)
        #expect(await Self.code { try await writer.revisions(wanted) { _ in } } == .keyMissing)
        #expect(try await writer.check(readData: true).problems == [])
        let plan = try await writer.prunePlan(KeepPolicy(last: 5), now: TemporaryVault.start)
        #expect(try await writer.prune(plan, isConfirmed: true).moments == 0)
        try await writer.close()

        let reader = try await folder.database(isWriting: false, key: .key(key))
        try await Self.expectWhole(reader.at(try await reader.moment(1)))
        let newest = try await reader.at(moment).contents()
        #expect(Set(newest.map(\.revision)).isSuperset(of: next.map(\.revision)))
        #expect(try await reader.check(readData: true).problems == [])
        let winners = try await reader.documents(from: nil, descending: true, limit: 2)
        #expect(winners.map(\.id.text) == ["\(Self.secret) 9", "\(Self.secret) 8"])
    }

    @Test("A history that grows is read whole by the private key")
    func histories() async throws {
        let folder = TemporaryVault()
        let key = try VaultKey.make(isWriteOnly: true)
        let first = try DocumentModel.revision("doc", members: #""n":1"#)
        let second = try DocumentModel.revision("doc", on: first.path, members: #""n":2"#)
        let third = try DocumentModel.revision("doc", on: second.path, members: #""n":3"#)
        let fork = try DocumentModel.revision("doc", on: second.path, members: #""n":4"#)
        func stemmed(_ revision: Revision) -> Revision {
            Revision(
                id: revision.id, path: revision.path.stemmed(to: 2), isDeleted: false, document: revision.document,
                attachments: [])
        }
        let writer = try await folder.database(key: .key(try #require(try key.writeKey)))
        for revision in [stemmed(third), fork, stemmed(fork)] {
            _ = try await writer.store([revision], checkpoint: nil)
        }
        try await writer.seal(minute: 1)
        try await writer.close()
        let reader = try await folder.database(isWriting: false, key: .key(key))
        #expect(Set(try await reader.contents().map(\.path)) == [third.path, fork.path])
        #expect(try await reader.check(readData: true).problems == [])
    }

    @Test("A passphrase opens it, another does not, and the exported key does")
    func passphrase() async throws {
        let folder = TemporaryVault()
        try await Self.fill(folder, .passphrase(Secret("correct horse é")))
        #expect(
            await Self.code { _ = try await folder.database(key: .passphrase(Secret("correct horse"))) } == .wrongKey)
        let database = try await folder.database(isWriting: false, key: .passphrase(Secret("correct horse e\u{301}")))
        try await Self.expectWhole(database)
        let exported = try VaultKey(try #require(try database.exportKey()).line)
        try await Self.expectWhole(try await folder.database(isWriting: false, key: .key(exported)))
    }

    @Test("The line of a key comes back, and a wrong character in it is found", arguments: VaultKey.Kind.allCases)
    func lines(kind: VaultKey.Kind) throws {
        let made = try VaultKey.make(isWriteOnly: kind != .secret)
        let key = kind == .write ? try #require(try made.writeKey) : made
        let line = key.line.reveal()
        let again = try VaultKey(Secret(line + "\n"))
        #expect(again.kind == kind && again.id == made.id && again.line == key.line)
        for place in line.indices where line[place] != "=" {
            var wrong = line
            wrong.replaceSubrange(place...place, with: line[place] == "A" ? "B" : "A")
            let error = #expect(throws: VaultError.self) { try VaultKey(Secret(wrong)) }
            #expect(error?.code == .wrongKey)
            #expect(error.map { !"\($0)".contains(line.suffix(20)) } == true)
        }
        #expect(!"\(key)".contains(line.suffix(20)))
    }

    @Test("A key is not taken for a backup that was begun without one")
    func clear() async throws {
        let folder = TemporaryVault()
        try await folder.database().close()
        let key = KeySource.key(try VaultKey.make(isWriteOnly: false))
        #expect(await Self.code { _ = try await folder.database(key: key) } == .refused)
        #expect(await Self.code { _ = try await folder.database(isWriting: false, key: key) } == nil)
    }

    @Test("Records that were exchanged are found by the key, though every hash was mended")
    func moved() async throws {
        let folder = TemporaryVault()
        let key = KeySource.key(try VaultKey.make(isWriteOnly: false))
        let database = try await folder.database(key: key)
        _ = try await database.store(Self.revisions(), checkpoint: nil)
        try await database.file.write { try Self.exchangeBodies($0) }
        try await database.close()
        let locked = try await folder.database()
        #expect(try await locked.check(readData: true).problems == [], "the hashes fit")
        try await locked.close()
        let opened = try await folder.database(isWriting: false, key: key)
        #expect(try await opened.check(readData: true).problems.count == 2)
        await #expect(throws: VaultError.self) { _ = try await opened.contents() }
    }

    /// Gives the first two documents each other's body, and mends all hashes, as one who can write to the disk may.
    private static func exchangeBodies(_ database: Database) throws {
        let cursor = try database.makeStatement(sql: "SELECT \(LeafRow.columns) FROM leaf ORDER BY id LIMIT 2")
            .rows(database)
        var rows: [LeafRow] = []
        while let row = try cursor.next(LeafRow.init) { rows.append(row) }
        try #require(rows.count == 2)
        let bodies = try rows.map { row in
            try #require(
                try Row.fetchOne(
                    database, sql: "SELECT coding, size, data, attachments, trim FROM body WHERE id = ?",
                    arguments: [row.body]))
        }
        var state = try StateRow(database)
        for (row, (own, other)) in zip(rows, zip(bodies, bodies.reversed())) {
            var leaf = row
            let (coding, size, data): (Int, Int, Data) = (
                try other.checked(0), try other.checked(1), try other.checked(2)
            )
            let trim: Int? = try other.checkedOptional(4)
            try database.execute(
                sql: "UPDATE body SET coding = ?, size = ?, data = ?, trim = ? WHERE id = ?",
                arguments: [coding, size, data, trim, leaf.body])
            let tokens = try AttachmentList.decode(try own.checked(3)).map { id in
                try #require(
                    try Data.fetchOne(database, sql: "SELECT sha256 FROM attachment WHERE id = ?", arguments: [id]))
            }
            state.digest -= leaf.digest
            leaf.digest = LeafDigest(
                name: leaf.name, path: leaf.path, isDeleted: leaf.isDeleted,
                document: StoredBody.hash(sealed: data, coding: coding, size: size, trim: trim),
                attachments: tokens)
            state.digest += leaf.digest
            try database.execute(sql: "DELETE FROM leaf WHERE id = ?", arguments: [leaf.id])
            try leaf.insert(key: LeafRow.key(leaf.name), database)
        }
        try state.write(database)
    }
}
