import Backup
import CouchDB
import CouchSim
import Foundation
import Replication
import Testing

@testable import Vault

/// A restore says what the vault itself has lost, and is never equal where that is so.
@Suite(.timeLimit(.minutes(2))) struct DamagedVaultTests {
    /// Rows that are gone are missing on both sides of a comparison with the same rows.
    @Test(arguments: [
        "DELETE FROM leaf WHERE id IN (3, 4, 17)", "UPDATE leaf SET superseded = 1 WHERE id = 9",
        "UPDATE leaf SET added = 7 WHERE id = 9", "UPDATE leaf SET hash = hash + 1 WHERE id = 9",
        "UPDATE leaf SET path = zeroblob(length(path)) WHERE id = 9", "UPDATE leaf SET key = key + 1 WHERE id = 9",
        "UPDATE leaf SET digest = zeroblob(16) WHERE id = 9",
    ])
    func missesLostRows(damage: String) async throws {
        try await withScene { _, scene in
            try await scene.source.fill(40)
            let moment = try await scene.backUp().moment
            try await scene.damage(damage)

            let plan = try await RestoreRun(of: scene.moment(moment), to: scene.beside("new")).plan()
            #expect(plan.loss?.contains("was made of 40 revisions") == true, "\(plan)")
            let report = try await scene.restore(moment, to: scene.beside("new"))
            #expect(report.outcome == .damaged && report.loss == plan.loss, "\(report)")
            #expect(report.comparison.isEqual, "what is left was restored")
            for place in [DrillRun.Place.memory, .server(scene.connection)] {
                let drill = try await DrillRun(.moment(scene.moment(moment)), in: place).run(until: StopRequest())
                #expect(drill.verdict == .different && drill.reason == plan.loss, "\(drill)")
            }
        }
    }

    /// Ten documents, one with a conflict, in a moment and in a database that was restored from it.
    private func withLivingCopy(
        _ body: @escaping @Sendable (Scene, Moment, CouchDatabase) async throws -> Void
    ) async throws {
        try await withScene { _, scene in
            try await scene.source.fill(10)
            try await scene.source.replicate("document-3", [revision(1, "0")])
            let moment = try await scene.backUp().moment
            let living = scene.beside("living")
            #expect(try await scene.restore(moment, to: living).isEqual)
            try await body(scene, moment, living)
        }
    }

    /// What is missing in the moment is not what it said: nothing of what lives is deleted or written over by it.
    @Test(arguments: [false, true], ["DELETE FROM leaf", "UPDATE leaf SET hash = hash + 1"])
    func changesNothingThatLives(isExact: Bool, damage: String) async throws {
        try await withLivingCopy { scene, moment, living in
            try await living.write(["document-1": ["value": 7]])
            let before = try await scene.picture(of: living)
            // One document, and the winner of another.
            try await scene.damage(
                "\(damage) WHERE name = CAST('document-2' AS BLOB) "
                    + "OR name = CAST('document-3' AS BLOB) AND hex(path) LIKE '%03'")
            var options = RestoreOptions()
            (options.intoExisting, options.isExact) = (true, isExact)
            let run = RestoreRun(of: try await scene.moment(moment), to: living, options: options)
            await #expect(throws: VaultError.self) { _ = try await run.plan() }
            let error = await #expect(throws: VaultError.self) { _ = try await run.run() }
            #expect(error?.code == .damaged && error?.what.contains("and 9 are there") == true)
            #expect(try await scene.picture(of: living) == before)
            #expect(try await living.localDocument("couchkeep-restore") == nil)
        }
    }

    /// What was selected may be what is lost, and then the moment did not lack it.
    @Test func looksForALostDocument() async throws {
        try await withScene { _, scene in
            try await scene.source.fill(40)
            let moment = try await scene.backUp().moment
            try await scene.damage("DELETE FROM leaf WHERE name = CAST('document-9' AS BLOB)")
            let never = try MangoSelector(#"{"value": 5}"#)
            for lost in [RestoreSelection.documents(["document-9"]), .prefix("document-9"), .matching(never)] {
                let error = await #expect(throws: VaultError.self, "\(lost)") {
                    _ = try await scene.restore(moment, to: scene.beside("new")) { $0.selection = lost }
                }
                let told = error?.code == .damaged && error?.what.contains("has lost some") == true
                #expect(told, "\(lost): \(String(describing: error))")
            }
            for (place, left) in [
                ("few", RestoreSelection.documents(["document-8"])), ("prefix", .prefix("document-")),
                ("matching", .matching(try MangoSelector(#"{"value": 0}"#))),
            ] {
                let report = try await scene.restore(moment, to: scene.beside(place)) { $0.selection = left }
                #expect(report.outcome == .damaged && report.loss != nil, "\(left): \(report)")
                #expect(try await scene.beside(place).document("document-8") != nil)
            }
        }
    }

    /// What belongs to the database is lost like a document: told, and nothing that lives is changed for want of it.
    @Test func missesALostSetting() async throws {
        try await withLivingCopy { scene, moment, living in
            try await scene.damage("UPDATE setting SET value = x'7b7d' WHERE kind = 'security'")
            let report = try await scene.restore(moment, to: scene.beside("new"))
            #expect(report.outcome == .damaged && report.loss?.contains("settings") == true, "\(report)")
            #expect(report.comparison.isEqual)
            let error = await #expect(throws: VaultError.self) {
                _ = try await scene.restore(moment, to: living) { $0.intoExisting = true }
            }
            #expect(error?.code == .damaged)
            let one = try await scene.restore(moment, to: living) { options in
                (options.intoExisting, options.selection) = (true, .documents(["document-8"]))
            }
            #expect(one.isEqual && one.loss == nil, "\(one)")
        }
    }

    /// A damaged row of what a restore does not need keeps nobody from it.
    @Test(arguments: [
        "UPDATE checkpoint SET value = x'7b7d'", "UPDATE state SET leaves = leaves + 1",
        "UPDATE epoch SET began = began + 1", "UPDATE moment SET time = time + 1 WHERE id = 1",
    ])
    func restoresBesideADamagedRow(damage: String) async throws {
        try await withScene { _, scene in
            try await scene.source.fill(10)
            try await scene.backUp()
            try await scene.source.write(["more": [:]])
            let moment = try await scene.backUp().moment
            try await scene.damage(damage)
            #expect(try await scene.restore(moment, to: scene.beside("new")).isEqual)
        }
    }

    /// One document that can't be read keeps no other from coming back.
    @Test(arguments: [false, true]) func bringsBackBesideADamagedDocument(isExact: Bool) async throws {
        try await withLivingCopy { scene, moment, living in
            for number in 1...3 { try await living.write(["document-\(number)": ["value": 7]]) }
            // The body of the winner of one, and of a loser of another.
            let zeros = String(repeating: "0", count: 32)
            for condition in ["name = CAST('document-1' AS BLOB)", "hex(path) LIKE '%\(zeros)%'"] {
                try await scene.damage(
                    "UPDATE body SET data = zeroblob(length(data)) "
                        + "WHERE id IN (SELECT coalesce(body, id) FROM leaf WHERE \(condition))")
            }
            func options(_ options: inout RestoreOptions) { (options.intoExisting, options.isExact) = (true, isExact) }
            var planned = RestoreOptions()
            options(&planned)
            let plan = try await RestoreRun(of: scene.moment(moment), to: living, options: planned).plan()
            #expect(plan.differing == 3, "\(plan)")
            let report = try await scene.restore(moment, to: living, options)
            #expect(report.outcome == .damaged && report.loss == nil, "\(report)")
            let unread: [DocumentID] = isExact ? ["document-1", "document-3"] : ["document-1"]
            #expect(report.refusals.map(\.id).sorted() == unread, "\(report)")
            #expect(report.comparison.different == report.refusals.count, "\(report)")
            #expect(try await living.document("document-1")?["value"] == 7, "nobody knows what it was")
            #expect(try await living.document("document-2")?["value"] == 0)
            #expect(try await living.document("document-3")?["value"] == (isExact ? 7 : 0))
        }
    }

    /// The server is not to blame, and is not asked again and again.
    @Test(arguments: [true, false]) func setsADamagedAttachmentAside(isMissing: Bool) async throws {
        try await withScene { server, scene in
            try await scene.source.fill(10)
            try await scene.source.attach(Data(repeating: 7, count: 300_000), named: "big")
            let moment = try await scene.backUp().moment
            let object = try #require(try scene.objects().first)
            if isMissing {
                try FileManager.default.removeItem(at: object)
            } else {
                let file = try FileHandle(forUpdating: object)
                try file.truncate(atOffset: 100_000)
                try file.close()
            }
            let report = try await scene.restore(moment, to: scene.beside("new"))
            #expect(report.outcome == .damaged && report.loss == nil, "\(report)")
            #expect(report.refusals.map(\.id) == ["attached"], "\(report)")
            #expect(report.refusals.first?.reason.contains("attachment “big” can't be read") == true, "\(report)")
            #expect(report.counts.failedCalls == 0)
            #expect(try await scene.beside("new").info().documentCount == 10)
        }
    }
}
