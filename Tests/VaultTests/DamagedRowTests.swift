import CouchDB
import Foundation
import GRDB
import Replication
import Testing

@testable import Vault

@Suite("One damaged row makes nothing else unreadable")
struct DamagedRowTests {
    private func change(_ folder: TemporaryVault, _ sql: String) async throws {
        let queue = try DatabaseQueue(path: try folder.file())
        try await queue.write { try $0.execute(sql: sql) }
        try queue.close()
    }

    private func code(_ body: () async throws -> Void) async -> VaultError.Code? {
        let error = await #expect(throws: VaultError.self) { try await body() }
        return error?.code
    }

    /// Three documents in three moments.
    private func fill(_ folder: TemporaryVault) async throws {
        let database = try await folder.database()
        for (minute, name) in ["a", "b", "c"].enumerated() {
            _ = try await database.store([try DocumentModel.revision(DocumentID(name))], checkpoint: nil)
            try await database.seal(minute: minute)
        }
        try await database.close()
    }

    @Test("A leaf", arguments: ["hash = hash + 1", "name = x'62'", "path = x'00'", "digest = zeroblob(16)"])
    func leaf(change: String) async throws {
        let folder = TemporaryVault()
        try await fill(folder)
        try await self.change(folder, "UPDATE leaf SET \(change) WHERE id = 1")
        let database = try await folder.database()
        for view in [database] + (try await database.moments()).dropFirst().map(database.at) {
            let left: Set<DocumentID> = view.moment?.number == 2 ? ["b"] : ["b", "c"]
            #expect(Set(try await view.feed().map(\.id)) == left)
            let rows = try await view.changeRows(since: .zero, limit: 10, patience: nil).rows
            #expect(Set(rows.map(\.id)) == Set(left.map(\.text)))
            #expect(try await view.lossOfLeaves() != nil, "it must be told")
        }
        #expect(try await !database.check(readData: false).isSound)
        var read: [DocumentLeaves] = []
        try await database.unmarked { read += $0 }
        #expect(read.count == 2)
    }

    @Test("A size that can't be is in no sum", arguments: [Int.max, -1, 1 << 62])
    func size(_ size: Int) async throws {
        let folder = TemporaryVault()
        let database = try await folder.database()
        for name in ["a", "b"] {
            let content = Data("the content of \(name)".utf8)
            let revision = try DocumentModel.revision(DocumentID(name), attachments: [("file", content)])
            _ = try await database.store([revision], checkpoint: nil)
        }
        try await database.seal(minute: 1)
        let whole = try await database.statistics()
        try await change(folder, "UPDATE body SET size = \(size) WHERE id = 1")
        try await change(folder, "UPDATE attachment SET size = \(size) WHERE id = 1")
        let left = try await database.statistics()
        #expect(left.bodies == 2 && left.attachments == 2)
        #expect(left.documentBytes == whole.documentBytes / 2 && left.attachmentBytes == whole.attachmentBytes / 2)
        #expect(try await database.contentBytes() == left.documentBytes + left.attachmentBytes)
    }

    /// One bit is enough to make a length of three bytes negative; of such an attachment nothing would be read and compared.
    @Test(
        "An attachment whose size was changed is damaged",
        arguments: ["size - 8388608", "0", "1 << 40", "9223372036854775807"])
    func changedSize(size: String) async throws {
        let folder = TemporaryVault()
        let database = try await folder.database()
        for (name, count) in [("inside", 100), ("file", 200_000)] {
            let content = Data(repeating: 7, count: count)
            let revision = try DocumentModel.revision(DocumentID(name), attachments: [("file", content)])
            _ = try await database.store([revision], checkpoint: nil)
        }
        try await change(folder, "UPDATE attachment SET size = \(size)")
        let wanted = try await database.changes(since: .zero, limit: 10, patience: nil).documents
        #expect(wanted.count == 2)
        try await database.revisions(wanted) { answer in
            guard case .unavailable(let refusal) = answer.outcome else {
                Issue.record("\(answer.id) was handed out")
                return
            }
            #expect(refusal.error == "damaged")
        }
    }

    @Test("A moment is refused by itself, and the others are not")
    func moment() async throws {
        let folder = TemporaryVault()
        try await fill(folder)
        try await change(folder, "UPDATE moment SET documents = 9 WHERE id = 2")
        let database = try await folder.database()
        #expect(try await database.moments().map(\.number) == [1, 3])
        #expect(try await database.allMoments().damaged == [2])
        #expect(try await database.newestMoment()?.number == 3)
        #expect(await code { _ = try await database.moment(2) } == .damaged)
        let start = TemporaryVault.start
        #expect(await code { _ = try await database.at(start.addingTimeInterval(60)) } == .damaged)
        #expect(try await database.at(start.addingTimeInterval(120)).moment?.number == 3)
        let check = try await database.check(readData: true)
        #expect(check.problems.map(\.what) == ["row 2 of moment was changed"] && check.moments == 3)
        let plan = try await database.prunePlan(KeepPolicy(last: 1), now: start)
        _ = try await database.prune(plan, isConfirmed: true)
        #expect(try await database.at(database.moment(3)).contents().count == 3)
        #expect(plan.damaged == [2] && plan.droppedCount == 2)
        let pruned = try await database.check(readData: true)
        #expect(pruned.isSound && pruned.moments == 1, "\(pruned.problems)")
    }

    @Test("What was lost of the newest moment is missed there, whatever a backup adds meanwhile")
    func lossBehindAnotherMoment() async throws {
        let folder = TemporaryVault()
        try await fill(folder)
        try await change(folder, "UPDATE leaf SET hash = hash + 1 WHERE id = 1")
        let database = try await folder.database()
        let compared = try #require(try await database.atMomentOfState())
        #expect(compared.moment?.number == 3)
        #expect(try await database.setDamagedAside().leaves == 1)
        _ = try await database.store([try DocumentModel.revision("a")], checkpoint: nil)
        #expect(try await database.atMomentOfState() == nil, "something has come since")
        try await database.seal(minute: 3)
        #expect(try await database.lossOfLeaves() == nil, "the new moment has all")
        #expect(try await compared.lossOfLeaves() != nil)
        #expect(try await compared.feed().count == 2)
        #expect(try await compared.atMomentOfState()?.moment?.number == 3)
    }

    @Test("Rows that are gone are told until a prune has settled them", arguments: ["moment", "attachment"])
    func gone(table: String) async throws {
        let folder = TemporaryVault()
        let database = try await folder.database()
        for minute in 1...3 {
            _ = try await database.store(
                [
                    try DocumentModel.revision(
                        DocumentID("a\(minute)"), attachments: [("f", Data(repeating: UInt8(minute), count: 9))])
                ],
                checkpoint: nil)
            try await database.seal(minute: minute)
        }
        try await change(folder, "DELETE FROM \(table) WHERE id = 2")
        #expect(try await !database.check(readData: true).isSound)
        let plan = try await database.prunePlan(KeepPolicy(last: 3), now: TemporaryVault.start)
        let result = try await database.prune(plan, isConfirmed: true)
        // A moment still lacks the attachment.
        #expect(result.goneRows == (table == "moment" ? 1 : 0))
        #expect(try await database.check(readData: true).isSound == (table == "moment"))
    }

    @Test("A damaged moment is kept while no later one can be read")
    func newestMoment() async throws {
        let folder = TemporaryVault()
        try await fill(folder)
        let database = try await folder.database()
        let before = try await database.prunePlan(KeepPolicy(last: 1), now: TemporaryVault.start)
        try await change(folder, "UPDATE moment SET documents = 9 WHERE id = 3")
        #expect(await code { _ = try await database.prune(before, isConfirmed: true) } == .refused)
        let plan = try await database.prunePlan(KeepPolicy(last: 1), now: TemporaryVault.start)
        #expect(plan.damaged == [])
        _ = try await database.prune(plan, isConfirmed: true)
        #expect(try await database.allMoments().damaged == [3])
    }

    @Test("The newest moment, which the catalogue knows", arguments: ["documents = 9", "hash = hash + 1"])
    func witness(change: String) async throws {
        let folder = TemporaryVault()
        try await fill(folder)
        try await self.change(folder, "UPDATE moment SET \(change) WHERE id = 3")
        let database = try await folder.database()
        #expect(await code { _ = try await database.newestMoment() } == .damaged)
        #expect(try await database.at(database.moment(2)).contents().count == 2)
        #expect(try await database.seal(minute: 4).number == 4)
        #expect(try await database.newestMoment()?.number == 4)
    }

    @Test("An entry of the catalogue keeps no other backup from being opened")
    func entry() async throws {
        let folder = TemporaryVault()
        try await fill(folder)
        try await folder.database("users").close()
        let queue = try DatabaseQueue(path: "\(folder.path)/catalogue.sqlite")
        try await queue.write { try $0.execute(sql: "UPDATE entry SET created = 0 WHERE name = CAST('users' AS BLOB)") }
        try queue.close()
        #expect(try await folder.database().moments().count == 3)
        #expect(await code { _ = try await folder.database("users") } == .damaged)
    }

    @Test("A file that a prune removes while a check is under way is not missing")
    func pruneWhileChecking() async throws {
        let folder = TemporaryVault()
        var database = try await folder.database()
        _ = try await database.store(
            [try DocumentModel.revision("a", attachments: [("file", Data(repeating: 7, count: 100_000))])],
            checkpoint: nil)
        try await database.seal(minute: 1)
        let objects = database.file.objects
        let path = objects.path(of: try #require(try objects.stored().first))
        let file = try folder.file()
        let report = try await database.check(readData: true) { progress in
            guard progress.part == .attachment else { return }
            do {
                let queue = try DatabaseQueue(path: file)
                try queue.write { try $0.execute(sql: "DELETE FROM attachment") }
                try queue.close()
            } catch {
                Issue.record(error)
            }
            unlink(path)
        }
        #expect(report.problems == [])
        // Without its row, no server can bring it back.
        try await database.close()
        database = try await folder.database(isWriting: false)
        for readData in [false, true] {
            let gone = try await database.check(readData: readData)
            #expect(gone.isDamaged && !gone.isRepairable, "\(gone.problems)")
        }
    }
}
