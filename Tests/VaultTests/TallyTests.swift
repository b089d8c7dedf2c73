import CouchDB
import Foundation
import GRDB
import Replication
import Testing

@testable import Vault

@Suite("A table whose sum is wrong is told, and not for ever")
struct TallyTests {
    private func change(_ folder: TemporaryVault, _ sql: String, _ arguments: StatementArguments = []) async throws {
        let queue = try DatabaseQueue(path: try folder.file())
        try await queue.write { try $0.execute(sql: sql, arguments: arguments) }
        try queue.close()
    }

    /// Two moments with every kind of row that a backup without a key has at once.
    private func fill(_ folder: TemporaryVault) async throws {
        let database = try await folder.database()
        for (minute, name) in ["a", "b"].enumerated() {
            let checkpoint = Checkpoint(
                id: "c", sequence: .zero, sourceIdentity: "x", session: "s", number: minute, time: TemporaryVault.start)
            let revision = try DocumentModel.revision(
                DocumentID(name), attachments: [("file", Data("content of \(name)".utf8))])
            _ = try await database.store([revision], checkpoint: checkpoint)
            try await database.store(SourceSettings(security: Data("{\"m\":\(minute)}".utf8)))
            try await database.seal(minute: minute)
        }
        try await database.close()
    }

    private func expectSettled(_ table: String, in folder: TemporaryVault) async throws {
        let database = try await folder.database()
        let report = try await database.check(readData: true)
        #expect(report.problemCount == 1 && report.remedy == .tallying, "\(report.problems)")
        let told = try await database.settleTallies()
        #expect(told == ["the sum of \(table) is not that of its rows: it was changed, or an older row is back"])
        let after = try await database.check(readData: true)
        #expect(after.isSound, "\(after.problems)")
        #expect(try await database.settleTallies() == [])
        try await database.close()
    }

    @Test(
        "One changed bit of a sum, or of a number of rows",
        arguments: ["moment", "attachment", "epoch", "setting", "checkpoint"],
        ["sum = sum + 256", "rows = rows + 4", "rows = rows - 1"])
    func changed(table: String, change: String) async throws {
        let folder = TemporaryVault()
        try await fill(folder)
        let whole = try await VaultPicture(folder)
        try await self.change(folder, "UPDATE tally SET \(change) WHERE id = ?", [table])
        try await expectSettled(table, in: folder)
        #expect(try await VaultPicture(folder) == whole)
    }

    @Test("An older row that is back")
    func olderRow() async throws {
        let folder = TemporaryVault()
        try await fill(folder)
        var database = try await folder.database()
        let old = try await database.moment(1)
        try await database.markVerified(1, content: false, at: TemporaryVault.start)
        try await database.close()
        try await change(folder, "UPDATE moment SET verified = NULL, hash = ? WHERE id = 1", [old.rowHash])
        try await expectSettled("moment", in: folder)
        database = try await folder.database()
        #expect(try await database.moment(1) == old)
    }

    @Test("Rows that are gone or changed are not settled by it", arguments: ["moment", "attachment", "setting"])
    func gone(table: String) async throws {
        for damage in ["DELETE FROM \(table) WHERE id = 1", "UPDATE \(table) SET hash = hash + 1 WHERE id = 1"] {
            let folder = TemporaryVault()
            try await fill(folder)
            try await change(folder, damage)
            let database = try await folder.database()
            let before = try await database.check(readData: false)
            #expect(before.isDamaged && before.remedy != .tallying)
            #expect(try await database.settleTallies() == [])
            #expect(try await database.check(readData: false).problems == before.problems)
        }
    }

    @Test("Of what is kept twice the next backup does it, and tells", arguments: ["sealing", "data_key"])
    func spared(table: String) async throws {
        let folder = TemporaryVault()
        let key = KeySource.key(try VaultKey.make(isWriteOnly: false))
        let first = try await folder.database(key: key)
        _ = try await first.store([try DocumentModel.revision("a")], checkpoint: nil)
        try await first.seal(minute: 1)
        try await first.close()
        try await change(folder, "UPDATE tally SET sum = sum + 256 WHERE id = ?", [table])
        let database = try await folder.database(key: key)
        #expect(try await database.check(readData: true).remedy == .backup)
        let damage = try #require(try await database.mendSpares())
        #expect(damage.description == "1 sum of a table" && !damage.isLost)
        #expect(damage.outcome(moment: 1) == "it is added up anew, and nothing is lost")
        #expect(try await database.check(readData: true).isSound)
        #expect(try await database.mendSpares() == nil)
    }
}
