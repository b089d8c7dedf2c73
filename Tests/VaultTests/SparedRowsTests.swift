import CouchDB
import Foundation
import GRDB
import Replication
import Testing

@testable import Vault

@Suite("Rows on which everything else depends are kept twice")
struct SparedRowsTests {
    /// An encrypted backup of two openings, with a dictionary.
    private func fill(_ folder: TemporaryVault, _ key: KeySource?) async throws {
        for (part, count) in [1_000, 20].enumerated() {
            let database = try await folder.database(key: key)
            let revisions = try (0..<count).map { number in
                try DocumentModel.revision(
                    DocumentID("doc-\(part)-\(number)"),
                    members: #""customer":"customer \#(number % 77)","street":"a street in the town""#)
            }
            _ = try await database.store(revisions, checkpoint: nil)
            try await database.seal(minute: part)
            try await database.close()
        }
    }

    private func change(_ folder: TemporaryVault, _ sql: String) async throws {
        let queue = try DatabaseQueue(path: try folder.file())
        try await queue.write { try $0.execute(sql: sql) }
        try queue.close()
    }

    private func check(_ folder: TemporaryVault) async throws -> CheckReport {
        let database = try await folder.database(isWriting: false)
        let report = try await database.check(readData: true)
        try await database.close()
        return report
    }

    @Test(
        "One that is damaged or gone is read from its copy, and put back by the next backup",
        arguments: [
            "UPDATE dictionary SET data = zeroblob(100) WHERE id = 1", "DELETE FROM dictionary WHERE id = 1",
            "UPDATE dictionary SET data = zeroblob(100) WHERE id = -1", "DELETE FROM dictionary WHERE id = -1",
            "UPDATE data_key SET wrapped = zeroblob(60) WHERE id = 1", "DELETE FROM data_key WHERE id = 1",
            "UPDATE data_key SET hash = hash + 1 WHERE id = -2", "DELETE FROM data_key WHERE id IN (2, -1)",
            "UPDATE sealing SET key = 'x' WHERE id = 1", "DELETE FROM sealing WHERE id = 1",
            "UPDATE sealing SET form = 'public' WHERE id = -1", "UPDATE dictionary SET id = 5 WHERE id = -1",
            "UPDATE dictionary SET id = 5 WHERE id = 1", "UPDATE dictionary SET id = 0 WHERE id = 1",
            "UPDATE data_key SET id = 7 WHERE id = -1", "UPDATE sealing SET id = 3 WHERE id = 1",
        ])
    func copies(damage: String) async throws {
        let folder = TemporaryVault()
        let key = KeySource.key(try VaultKey.make(isWriteOnly: false))
        try await fill(folder, key)
        let whole = try await VaultPicture(folder, key: key)
        #expect(try await check(folder).isSound)
        try await change(folder, damage)
        let report = try await check(folder)
        #expect(!report.isSound && report.remedy == .backup, "a check tells: \(report.problems)")
        #expect(try await VaultPicture(folder, key: key) == whole)

        let database = try await folder.database(key: key)
        #expect(try await database.mendSpares()?.spared == (damage.contains("IN") ? 2 : 1))
        try await database.close()
        #expect(try await check(folder).problems == [])
        #expect(try await VaultPicture(folder, key: key) == whole)
        let again = try await folder.database(key: key)
        #expect(try await again.mendSpares() == nil)
    }

    @Test(
        "Where the copy is damaged too, no backup puts it back",
        arguments: [
            "UPDATE dictionary SET data = zeroblob(100)", "DELETE FROM dictionary",
            "DELETE FROM data_key WHERE abs(id) = 1",
            "UPDATE dictionary SET data = zeroblob(100) WHERE id = 1; UPDATE leaf SET hash = hash + 1 WHERE id = 1",
        ])
    func bothDamaged(damage: String) async throws {
        let folder = TemporaryVault()
        try await fill(folder, .key(try VaultKey.make(isWriteOnly: false)))
        try await change(folder, damage)
        let report = try await check(folder)
        // An encrypted backup has no other way back.
        #expect(report.remedy == .pairRepair, "\(report.problems.prefix(5))")
    }

    @Test("A backup tells that copies were put back, and not that something was lost")
    func words() {
        var damage = DamagedState()
        damage.spared = 2
        #expect(damage.outcome(moment: 7) == "what was damaged is put back from its copy, and nothing is lost")
        damage.checkpoints = 1
        #expect(
            damage.outcome(moment: 7).hasSuffix("moment #7 is made of all that it has; the older ones lack nothing"))
        damage.leaves = 1
        #expect(damage.outcome(moment: 7).hasSuffix("of the older ones couchkeep vault check tells"))
    }

    @Test("A key whose row was the last one is not given its number again")
    func numbers() async throws {
        let folder = TemporaryVault()
        let key = KeySource.key(try VaultKey.make(isWriteOnly: false))
        try await fill(folder, key)
        let whole = try await VaultPicture(folder, key: key)
        try await change(folder, "DELETE FROM data_key WHERE id = 2")
        let database = try await folder.database(key: key)
        _ = try await database.store([try DocumentModel.revision("new")], checkpoint: nil)
        #expect(try await database.contents().count == 1_021)
        try await database.close()
        #expect(try await VaultPicture(folder, key: key).moments == whole.moments)
        let next = try await folder.database(key: key)
        #expect(try await next.mendSpares()?.spared == 1)
        try await next.close()
        #expect(try await check(folder).isSound)
    }

    @Test("A backup that was begun without copies gets them", arguments: [true, false])
    func withoutCopies(isEncrypted: Bool) async throws {
        let folder = TemporaryVault()
        let key = isEncrypted ? KeySource.key(try VaultKey.make(isWriteOnly: false)) : nil
        try await fill(folder, key)
        let queue = try DatabaseQueue(path: try folder.file())
        try await queue.write { database in
            for ledger in Ledger.spared { try ledger.delete(where: "id < 0", [], database) }
        }
        try queue.close()
        #expect(try await check(folder).isSound)
        let whole = try await VaultPicture(folder, key: key)
        let database = try await folder.database(key: key)
        #expect(try await database.mendSpares() == nil, "nothing was damaged")
        try await database.close()
        #expect(try await check(folder).isSound)
        try await change(folder, "DELETE FROM dictionary WHERE id = 1")
        #expect(try await VaultPicture(folder, key: key) == whole)
    }
}
