import Foundation
import GRDB
import Replication
import Testing

@testable import Vault

@Suite("The damaged row of an older epoch keeps no prune from working")
struct DamagedEpochTests {
    /// What a disk can make of the row of the second epoch.
    static let damages = [
        "first = 2", "first = 99", "first = -1", "reason = 'x'", "source = x'7b7d'", "hash = hash + 1",
    ]
    .map { "UPDATE epoch SET \($0) WHERE id = 2" }

    private func execute(_ sql: String, in folder: TemporaryVault) async throws {
        let queue = try DatabaseQueue(path: try folder.file())
        try await queue.write { try $0.execute(sql: sql) }
        try queue.close()
    }

    private func count(_ sql: String, in folder: TemporaryVault) async throws -> Int? {
        let queue = try DatabaseQueue(path: try folder.file())
        let count = try await queue.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM \(sql)") }
        try queue.close()
        return count
    }

    /// Five moments with a document each; the third is that of the second epoch, and the third epoch begins with the fourth.
    private func fill(_ folder: TemporaryVault) async throws -> VaultDatabase {
        let database = try await folder.database()
        for (minute, name) in ["a", "b", "c", "d", "e"].enumerated() {
            if [2, 3].contains(minute) {
                try await database.beginEpoch(SourceIdentity(name: "s"), reason: "anew", at: TemporaryVault.start)
            }
            _ = try await database.store([try DocumentModel.revision(DocumentID(name))], checkpoint: nil)
            try await database.seal(minute: minute)
        }
        #expect(try await database.moments().map(\.epoch) == [1, 1, 2, 3, 3])
        return database
    }

    /// Keeps the newest moment, and what was verified last.
    private func prune(_ database: VaultDatabase) async throws -> PruneResult {
        let plan = try await database.prunePlan(KeepPolicy(last: 1), now: TemporaryVault.start)
        return try await database.prune(plan, isConfirmed: true)
    }

    private func names(_ database: VaultDatabase) async throws -> Set<DocumentID> {
        Set(try await database.contents().map(\.id))
    }

    @Test("It goes with its moments", arguments: damages + ["DELETE FROM epoch WHERE id = 2"])
    func dropped(damage: String) async throws {
        let folder = TemporaryVault()
        let database = try await fill(folder)
        try await execute(damage, in: folder)
        let before = try await database.check(readData: true)
        #expect(!before.isSound)
        let result = try await prune(database)
        #expect(result.moments == 4 && result.leaves == 3 && result.goneRows == 1)
        #expect(try await database.epochs().map(\.number) == [1, 3])
        #expect(try await names(database.at(database.moment(5))) == ["d", "e"])
        let after = try await database.check(readData: true)
        #expect(after.isSound, "\(after.problems)")
    }

    @Test("It stays with a moment that is kept, and is told until that goes", arguments: damages)
    func kept(damage: String) async throws {
        let folder = TemporaryVault()
        let database = try await fill(folder)
        try await database.markVerified(3, content: false, at: TemporaryVault.start)
        try await execute(damage, in: folder)
        let result = try await prune(database)
        #expect(result.moments == 3 && result.goneRows == 0)
        #expect(try await database.moments().map(\.number) == [3, 5])
        // Where the epoch begins is as unknown as it was: neither what its moment shows is gone, nor the damage.
        #expect(try await count("leaf WHERE added = 3", in: folder) == 1)
        #expect(try await count("epoch", in: folder) == 3)
        let problems = try await database.check(readData: true).problems.map(\.what)
        #expect(problems.contains("row 2 of epoch was changed"), "\(problems)")
        #expect(try await names(database.at(database.moment(5))) == ["d", "e"])

        try await database.markVerified(5, content: false, at: TemporaryVault.start)
        _ = try await prune(database)
        #expect(try await count("leaf", in: folder) == 2)
        let after = try await database.check(readData: true)
        #expect(after.isSound, "\(after.problems)")
    }

    @Test("A beginning that is damaged ends nothing of the epoch before", arguments: damages)
    func epochBefore(damage: String) async throws {
        let folder = TemporaryVault()
        let database = try await fill(folder)
        try await database.markVerified(2, content: false, at: TemporaryVault.start)
        try await execute(damage, in: folder)
        #expect(try await prune(database).moments == 3)
        #expect(try await names(database.at(database.moment(2))) == ["a", "b"])
        let after = try await database.check(readData: true)
        #expect(after.isSound, "\(after.problems)")
    }

    @Test("While the row of a newer moment is damaged, it may be that moment's")
    func unknownMoment() async throws {
        let folder = TemporaryVault()
        let database = try await fill(folder)
        try await execute("\(Self.damages[3]); UPDATE moment SET epoch = 9 WHERE id = 5", in: folder)
        let result = try await prune(database)
        #expect(result.moments == 3 && result.goneRows == 0)
        #expect(try await database.moments().map(\.number) == [4])
        #expect(try await count("epoch", in: folder) == 3)
        #expect(try await !database.check(readData: true).isSound)
    }

    @Test("A lost catalogue is made anew without it")
    func rebuilding() async throws {
        let folder = TemporaryVault()
        try await fill(folder).close()
        try await execute(Self.damages[3], in: folder)
        try FileManager.default.removeItem(atPath: "\(folder.path)/catalogue.sqlite")
        let rebuilt = try await Vault.rebuild(at: folder.path, now: TemporaryVault.start)
        #expect(rebuilt.names == ["orders"] && rebuilt.left.isEmpty)
    }
}
