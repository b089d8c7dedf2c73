import Backup
import CouchDB
import CouchSim
import Foundation
import Replication
import Testing

@testable import Vault

/// A backup whose rows are damaged goes on, says so, and its next moment has everything.
@Suite(.timeLimit(.minutes(2))) struct DamagedBackupTests {
    @Test(arguments: [
        "UPDATE leaf SET hash = hash + 1 WHERE name = CAST('document-3' AS BLOB)",
        "UPDATE leaf SET digest = zeroblob(16) WHERE name IN (CAST('document-3' AS BLOB), CAST('document-5' AS BLOB))",
        "UPDATE setting SET value = x'7b7d' WHERE kind = 'security'", "UPDATE checkpoint SET value = x'7b7d'",
        "UPDATE state SET leaves = leaves + 1",
    ])
    func goesOnPastADamagedRow(damage: String) async throws {
        try await withScene { _, scene in
            try await scene.source.fill(20)
            let first = try await scene.backUp().moment
            try await scene.damage(damage)
            try await scene.source.write(["document-3": ["value": 7], "new": [:]])

            let report = try await scene.backUp()
            #expect(report.damage != nil && report.moment.isComplete, "\(report)")
            #expect(report.moment.documents == 21 && report.moment.leaves == 21, "\(report)")
            let kept = try await scene.moment(report.moment)
            #expect(try await kept.lossOfLeaves() == nil)
            #expect(try await LeafPicture.all(of: kept) == scene.picture())
            #expect(try await scene.restore(report.moment, to: scene.beside("new")).isEqual)

            // What was lost of the past stays lost, and is told.
            let check = try await scene.withBackup { try await $0.check(readData: true) }
            if damage.contains("leaf") {
                #expect(try await scene.moment(first).lossOfLeaves() != nil)
                #expect(!check.isSound)
            }
            for sound in ["moment \(report.moment.number)", "newest state"] {
                #expect(!check.problems.contains { $0.what.contains(sound) }, "\(check.problems)")
            }
            let next = try await scene.backUp()
            #expect(next.damage == nil, "\(next)")
        }
    }

    /// What it says is known otherwise; but for the source, which its mark tells.
    @Test(arguments: [
        "UPDATE epoch SET reason = 'x'", "UPDATE epoch SET source = x'7b7d'", "UPDATE epoch SET first = 7",
        "UPDATE epoch SET id = 9", "UPDATE epoch SET id = 0",
        "DELETE FROM epoch WHERE id = 2", "DELETE FROM epoch",
    ])
    func makesTheRowOfTheNewestEpochAnew(damage: String) async throws {
        try await withScene { _, scene in
            try await scene.source.fill(20)
            let old = try await scene.backUp().moment
            try await scene.source.delete()
            try await scene.source.create()
            try await scene.source.fill(3)
            let first = try await scene.backUp().moment
            #expect((old.epoch, first.epoch) == (1, 2))
            if damage.hasPrefix("UPDATE") { try await scene.damage("\(damage) WHERE id = 2") }
            if damage.hasPrefix("DELETE") { try await scene.damage(damage) }
            try await scene.source.write(["new": [:]])

            let report = try await scene.backUp()
            #expect(report.damage?.isEpoch == true && report.damage?.isLost == false, "\(report)")
            #expect(report.moment.number == first.number + 1 && report.moment.epoch == 2 && report.source == .same)
            #expect(report.moment.leaves == 4)
            for (number, moment) in [first, report.moment].enumerated() {
                #expect(try await scene.restore(moment, to: scene.beside("\(number)")).isEqual)
            }
            // An older epoch that is gone for good ends nothing that is newer.
            guard damage != "DELETE FROM epoch" else { return }
            #expect(try await scene.restore(old, to: scene.beside("old")).isEqual)
            let check = try await scene.withBackup { try await $0.check(readData: true) }
            #expect(check.isSound, "\(check.problems)")
            #expect(try await scene.backUp().damage == nil)
        }
    }

    /// A dictionary is learnt from a thousand documents.
    @Test func tellsOfARowThatItHasPutBackFromItsCopy() async throws {
        try await withScene { _, scene in
            let documents = (0..<2_200).map { number in
                let members: [String: JSONValue] = [
                    "customer": .string("customer \(number % 77)"), "street": "a street in the town",
                    "amount": .integer(Int64(number)),
                ]
                return ("d\(number)", members)
            }
            try await scene.source.write(Dictionary(uniqueKeysWithValues: documents))
            try await scene.backUp(options: ReplicationOptions())
            try await scene.damage("UPDATE dictionary SET data = zeroblob(9) WHERE id = 1")
            let report = try await scene.backUp(options: ReplicationOptions())
            #expect(report.damage?.spared == 1 && report.damage?.isLost == false, "\(report)")
            #expect(try await scene.backUp().damage == nil)
            #expect(try await scene.withBackup { try await $0.check(readData: true) }.isSound)
        }
    }

    @Test func forgetsNoPurgeWithTheRowOfTheEpoch() async throws {
        try await withScene { _, scene in
            try await scene.source.fill(5)
            try await scene.backUp()
            let revision = try #require(try await scene.source.document("document-3")?["_rev"]?.string)
            _ = try await scene.source.purge(["document-3": [revision]])
            try await scene.damage("UPDATE epoch SET hash = hash + 1")
            let report = try await scene.backUp()
            #expect(report.damage?.isEpoch == true && report.moment.documents == 4, "\(report)")
            #expect(try await scene.backUp().moment.documents == 4)
        }
    }

    @Test func takesNoOtherDatabaseForTheOneWhoseEpochIsDamaged() async throws {
        try await withScene { server, scene in
            try await scene.source.fill(5)
            let first = try await scene.backUp().moment
            try await scene.damage("UPDATE epoch SET source = x'7b7d'")
            // It has no mark of this backup.
            try await scene.source.delete()
            try await scene.source.create()
            let error = await #expect(throws: ReplicationFailure.self) { try await scene.backUp() }
            #expect((error?.underlying as? VaultError)?.code == .otherDatabase)
            #expect(try await scene.restore(first, to: scene.beside("first")).isEqual)
        }
    }

    @Test func goesOnPastADamagedMoment() async throws {
        try await withScene { _, scene in
            try await scene.source.fill(5)
            try await scene.backUp()
            try await scene.damage("UPDATE moment SET documents = 4")
            let report = try await scene.backUp()
            #expect(report.moment.number == 2 && report.damage == nil, "\(report)")
            #expect(try await scene.restore(report.moment, to: scene.beside("new")).isEqual)
        }
    }

    /// Nobody edits the document, and no backup meets the damage.
    @Test(arguments: [
        "UPDATE leaf SET hash = hash + 1 WHERE name = CAST('document-3' AS BLOB)",
        "DELETE FROM leaf WHERE name = CAST('document-3' AS BLOB)",
    ])
    func aRepairSetsAsideWhatNoBackupMeets(damage: String) async throws {
        try await withScene { _, scene in
            try await scene.source.fill(20)
            try await scene.backUp()
            try await scene.damage(damage)
            let blind = try await scene.backUp()
            #expect(blind.damage == nil && blind.moment.leaves == 20)
            let lossy = try await scene.moment(blind.moment)
            let error = await #expect(throws: VaultError.self) { try await lossy.expectAllLeaves() }
            #expect(error?.code == .damaged && error?.next.contains("vault repair") == true)

            let report = try await scene.withBackup {
                try await VaultRepairRun(of: $0, from: CouchReplica(scene.source)).run()
            }
            #expect(report.setAside?.leaves == 1 && report.left.isEmpty, "\(report)")
            let next = try await scene.backUp()
            #expect(next.damage == nil && next.moment.leaves == 20 && next.moment.documents == 20, "\(next)")
            let kept = try await scene.moment(next.moment)
            try await kept.expectAllLeaves()
            #expect(try await LeafPicture.all(of: kept) == scene.picture())
            #expect(try await scene.restore(next.moment, to: scene.beside("new")).isEqual)
            let again = try await scene.withBackup {
                try await VaultRepairRun(of: $0, from: CouchReplica(scene.source)).run()
            }
            #expect(again.setAside == nil)
        }
    }

    /// Nobody knows at which moments a row counted that is gone.
    @Test func aSettingThatIsGoneIsMissed() async throws {
        try await withScene { _, scene in
            try await scene.source.fill(5)
            let security = Data(#"{"admins":{"names":["alice"],"roles":[]}}"#.utf8)
            try await scene.source.setSecurity(document: security)
            let first = try await scene.backUp().moment
            try await scene.damage("DELETE FROM setting WHERE kind = 'security'")
            let restored = try await scene.restore(first, to: scene.beside("first"))
            #expect(restored.outcome == .damaged && restored.loss?.contains("settings") == true, "\(restored)")
            let drill = try await DrillRun(.moment(scene.moment(first)), in: .memory).run(until: StopRequest())
            #expect(drill.verdict == .different, "\(drill)")

            let next = try await scene.backUp()
            #expect(next.damage?.settings == 1, "\(next)")
            #expect(try await scene.restore(next.moment, to: scene.beside("next")).isEqual)
            #expect(try await scene.beside("next").security()["admins"]?["names"] == ["alice"])
            #expect(try await scene.backUp().damage == nil)
            // What the older one has lost stays lost, until it is pruned.
            #expect(try await scene.restore(first, to: scene.beside("again")).outcome == .damaged)
            let problems = try await scene.withBackup { try await $0.check(readData: true) }.problems
            #expect(problems.count == 1, "\(problems)")
            let check = try await scene.withBackup { backup in
                let plan = try await backup.prunePlan(KeepPolicy(last: 1), now: Scene.start)
                _ = try await backup.prune(plan, isConfirmed: true)
                return try await backup.check(readData: true)
            }
            #expect(check.isSound, "\(check.problems)")
        }
    }

    /// Its place is gone, so nothing can be put back into it; stored anew it gets another one.
    @Test(arguments: [100, 100_000]) func anAttachmentWhoseRowIsGoneIsStoredAnew(size: Int) async throws {
        try await withScene { _, scene in
            try await scene.source.fill(5)
            try await scene.source.attach(Data(repeating: 7, count: size))
            try await scene.backUp()
            try await scene.damage("DELETE FROM attachment")
            let report = try await scene.withBackup {
                try await VaultRepairRun(of: $0, from: CouchReplica(scene.source)).run()
            }
            #expect(report.left.count == 1 && report.setAside?.leaves == 1, "\(report)")
            let next = try await scene.backUp()
            #expect(next.moment.isComplete && next.moment.leaves == 6, "\(next)")
            #expect(try await scene.restore(next.moment, to: scene.beside("new")).isEqual)
        }
    }

    @Test func aMomentWhoseEpochIsGoneIsDamaged() async throws {
        try await withScene { _, scene in
            try await scene.source.fill(2)
            let moment = try await scene.backUp().moment
            try await scene.damage("DELETE FROM epoch")
            let error = await #expect(throws: VaultError.self) { _ = try await scene.moment(moment).lossOfLeaves() }
            #expect(error?.code == .damaged, "\(String(describing: error))")
        }
    }
}
