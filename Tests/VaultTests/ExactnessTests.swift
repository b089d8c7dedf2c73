import CouchDB
import Foundation
import Replication
import Testing

@testable import Vault

@Suite("Bytes come back as they were")
struct ExactnessTests {
    static let members = [
        #""a":1.0,"b":1,"c":1e400,"d":12345678901234567890,"e":-0"#,
        #""twice":1,"twice":2,"z":0,"a":{"z":1,"a":[]}"#,
        #""nul":"\u0000","slash":"\/","é":"\u00e9é","pair":"\ud83d\ude42","lone":"\ud800""#,
        "  \"spaced\" :\n\t[ 1 ,2 ] ",
    ]

    @Test("Numbers, duplicate keys, escapes and white space", arguments: members)
    func document(members: String) async throws {
        let revision = try DocumentModel.revision("doc", members: members)
        #expect(try await roundTrip([revision]).first?.document == revision.document)
    }

    @Test(
        "Ids of any kind",
        arguments: [
            "a/b", "x+y", "🙂", "é", "e\u{301}", "_design/d", "nul\u{0}byte", String(repeating: "long", count: 2000),
        ])
    func id(id: String) async throws {
        let revision = try DocumentModel.revision(DocumentID(id), members: #""a":1"#)
        let found = try await roundTrip([revision])
        #expect(found.first?.id == DocumentID(id))
        #expect(found.first?.document == revision.document)
    }

    @Test("A document of seven megabytes")
    func large() async throws {
        let text = (0..<700_000).map { "\($0 &* 7919)" }.joined(separator: " ")
        let revision = try DocumentModel.revision("large", members: #""text":"\#(text.prefix(7_000_000))""#)
        #expect(try await roundTrip([revision]).first?.document == revision.document)
    }

    @Test("Ten thousand revisions")
    func history() async throws {
        let ids = (0..<9_999).map { String(repeating: "0", count: 27) + String($0 + 10_000) }
        let path = try #require(RevisionPath(start: 9_999, ids: ids))
        let revision = try DocumentModel.revision("old", on: path, members: #""a":1"#)
        let found = try #require(try await roundTrip([revision]).first)
        #expect(found.path == revision.path)
        #expect(found.path.revisions.count == 10_000)
        #expect(found.document == revision.document)
    }

    @Test("Fifty conflicts, the winner first")
    func conflicts() async throws {
        let revisions = try (0..<50).map { number in
            try DocumentModel.revision("doc", isDeleted: number % 10 == 0, members: #""number":\#(number)"#)
        }
        var model = DocumentModel()
        for revision in revisions { model.insert(revision) }
        let folder = TemporaryVault()
        let database = try await folder.database()
        _ = try await database.store(revisions, checkpoint: nil)
        #expect(try await database.feed().first?.revisions == model.documents["doc"]?.leaves.map(\.id))
        #expect(Set(try await database.contents().map(\.document)) == Set(revisions.map(\.document)))
    }

    @Test("A thousand attachments, each stored once")
    func attachments() async throws {
        let attachments = (0..<1_000).map { (name: "file \($0)", bytes: Data("content \($0 % 250)".utf8)) }
        let revision = try DocumentModel.revision("doc", attachments: attachments)
        let folder = TemporaryVault()
        let database = try await folder.database()
        _ = try await database.store([revision], checkpoint: nil)
        let found = try #require(try await database.contents().first)
        #expect(found.attachments.map(\.member) == revision.attachments.map(\.member))
        for (attachment, other) in zip(found.attachments, attachments) {
            #expect(try await attachment.bytes() == other.bytes)
        }
        #expect(try await database.statistics().attachments == 250)
    }

    @Test("Revisions that CouchDB takes and nobody makes", arguments: ["1-", "1-x", "3-é", "99999999999999999999-abc"])
    func oddRevisions(text: String) async throws {
        let revision = try #require(RevisionID(text))
        let path = RevisionPath(revision)
        let document = Data(#"{"_id":"doc","_rev":\#(DocumentModel.quoted(text))}"#.utf8)
        let found = try await roundTrip([Revision(id: "doc", path: path, isDeleted: false, document: document)])
        #expect(found.first?.path == path)
        #expect(found.first?.document == document)
    }

    @Test("Documents compressed with a dictionary come back, and take less room")
    func dictionary() async throws {
        let revisions = try (0..<3_000).map { number in
            try DocumentModel.revision(
                DocumentID("doc-\(number)"),
                members: #""customer":"customer \#(number % 77)","street":"a street in the town","amount":\#(number)"#)
        }
        let folder = TemporaryVault()
        let database = try await folder.database()
        for start in stride(from: 0, to: 3_000, by: 750) {
            _ = try await database.store(Array(revisions[start..<start + 750]), checkpoint: nil)
        }
        #expect(Set(try await database.contents().map(\.document)) == Set(revisions.map(\.document)))
        let statistics = try await database.statistics()
        #expect(statistics.storedDocumentBytes * 3 < statistics.documentBytes * 2)
        #expect(try await database.check(readData: true).problems == [])
    }

    @Test("A document that names other attachments than came is refused, the others are taken")
    func refusal() async throws {
        var wrong = try DocumentModel.revision("wrong", attachments: [("a", Data([1]))])
        wrong.attachments.append(wrong.attachments[0])
        let folder = TemporaryVault()
        let database = try await folder.database()
        let checkpoint = Checkpoint(
            id: "c", sequence: .zero, sourceIdentity: nil, session: "s", number: 1, time: TemporaryVault.start)
        let result = try await database.store(
            [wrong, try DocumentModel.revision("right")], checkpoint: checkpoint)
        #expect(result.refusals.map(\.id) == ["wrong"])
        #expect(!result.didRecordCheckpoint)
        #expect(try await database.checkpoint("c") == nil)
        #expect(try await database.contents().map(\.id) == ["right"])
    }

    @Test("A history that disagrees with the one that is known stays as it came", arguments: [false, true])
    func disagreeingHistories(isEncrypted: Bool) async throws {
        func digits(_ digit: Character) -> String { String(repeating: digit, count: 32) }
        func revision(_ start: Int, _ ids: String, members: String) throws -> Revision {
            let ancestors = RevisionPath(start: start - 1, ids: ids.dropFirst().map(digits))
            let path = try #require(RevisionPath(start: start, ids: ids.map(digits)))
            let made = try DocumentModel.revision("doc", on: ancestors, members: members)
            let text = String(decoding: made.document, as: UTF8.self)
                .replacingOccurrences(of: made.path.leaf.hash, with: path.leaf.hash)
            return Revision(id: "doc", path: path, isDeleted: false, document: Data(text.utf8))
        }
        let known = try revision(2, "ba", members: #""v":1"#)
        // The second is as long as what is known, the third longer than what is left of that.
        for odd in [try revision(3, "cbd", members: #""v":2"#), try revision(4, "ecbd", members: #""v":3"#)] {
            let folder = TemporaryVault()
            let key: KeySource? = isEncrypted ? .key(try VaultKey.make(isWriteOnly: false)) : nil
            let database = try await folder.database(key: key)
            for revision in [known, odd] {
                #expect(try await database.store([revision], checkpoint: nil).refusals == [])
            }
            let found = try await database.contents()
            #expect(found.map(\.path) == [odd.path])
            #expect(found.map(\.document) == [odd.document])
            #expect(try await database.check(readData: true).problems == [])
        }
    }

    private func roundTrip(_ revisions: [Revision]) async throws -> [Revision] {
        let folder = TemporaryVault()
        var database = try await folder.database()
        #expect(try await database.store(revisions, checkpoint: nil).refusals.isEmpty)
        let moment = try await database.seal(minute: 1)
        try await database.close()
        database = try await folder.database(isWriting: false)
        #expect(try await database.check(readData: true).problems == [])
        return try await database.at(moment).contents()
    }
}
