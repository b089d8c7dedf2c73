import CouchDB
import CouchSim
import Foundation
import GRDB
import Replication
import Testing

@testable import Backup
@testable import Vault

/// Rehearsed restores: what is sound is equal, what is damaged is found, and nothing is left behind.
@Suite(.timeLimit(.minutes(3))) struct DrillTests {
    /// What most tests back up.
    private func fill(_ scene: Scene) async throws {
        try await scene.source.fill(60)
        try await scene.source.replicate("branch", [revision(2, "a"), revision(1, "1")])
        try await scene.source.replicate("branch", [revision(2, "b"), revision(1, "1")])
        try await scene.source.write(["document-7": ["_deleted": true], "document-8": ["v": 2]])
        try await scene.source.attach(Data((0..<90_000).map { UInt8(truncatingIfNeeded: $0 &* 7) }))
        _ = try await scene.source.putDocument("_design/d", members: ["views": [:]])
    }

    private func scratches(_ scene: Scene) async throws -> [String] {
        ScratchName.leftovers(try await scene.connection.databaseNames())
    }

    private func rehearse(_ scene: Scene) async throws {
        try await fill(scene)
        let moment = try await scene.backUp().moment
        try await scene.source.write(["document-9": ["v": 3]])
        let now = Date(timeIntervalSince1970: 1_800_000_000)
        for place in [DrillRun.Place.memory, .server(scene.connection)] {
            let report = try await DrillRun(.moment(scene.moment(moment)), in: place) { now }.run(until: StopRequest())
            #expect(report.verdict == .equal && report.reason == nil && report.problems == [], "\(report)")
            #expect(report.backup == "vault:source" && report.moment == 1 && report.asOf == moment.time)
            #expect(report.documents == 63 && report.revisions == 64 && report.at == now, "\(report)")
            #expect(report.bytes > 90_000 && report.restoreSeconds > 0 && report.compareSeconds > 0)
            #expect((report.seconds ?? 0) >= report.restoreSeconds + report.compareSeconds, "\(report)")
            #expect(try await scratches(scene) == [])
        }
        // A backup that is a database.
        let copy = scene.beside("copy")
        try await copy.create()
        _ = try await Replicator(from: CouchReplica(scene.source), to: CouchReplica(copy), options: .test).run()
        let before = try await copy.info().updateSequence
        for place in [DrillRun.Place.memory, .server(scene.connection)] {
            let report = try await DrillRun(.database(copy), in: place) { now }.run(until: StopRequest())
            #expect(report.verdict == .equal && report.problems == [], "\(report)")
            #expect(report.backup == copy.url && report.moment == nil && report.documents == 63, "\(report)")
            #expect(try await scratches(scene) == [])
        }
        #expect(try await copy.info().updateSequence == before, "nothing was written into the backup")
    }

    /// What a proxy keeps from the scratch says nothing of the backup; what CouchDB refuses would be lost there.
    @Test(arguments: [true, false]) func whatIsKeptFromTheScratch(byProxy: Bool) async throws {
        try await withScene { server, scene in
            try await scene.source.fill(5)
            try await scene.source.attach(Data(repeating: 7, count: 90_000))
            let moment = try await scene.backUp().moment
            let answer: Fault.Effect =
                byProxy
                ? .page("<html>Request Entity Too Large</html>", status: 413)
                : .failure(status: 413, error: "attachment_too_large", reason: "attached")
            server.faults.add(Fault(answer, method: "PUT", pathContains: "new_edits=false"))
            let report = try await DrillRun(.moment(scene.moment(moment)), in: .server(scene.connection))
                .run(until: StopRequest())
            #expect(report.verdict == (byProxy ? .unknown : .different) && report.differing == 1, "\(report)")
            #expect((report.reason?.contains("says nothing of the backup") == true) == byProxy, "\(report)")
            #expect(try await scratches(scene) == [])
        }
    }

    @Test func whatIsSoundIsEqual() async throws {
        try await withScene { _, scene in try await rehearse(scene) }
    }

    @Test(.enabled(if: LocalCouchDB.isInstalled, whySkipped)) func whatIsSoundIsEqualOnCouchDB() async throws {
        try await withRealScene { _, scene in try await rehearse(scene) }
    }

    /// A design document that refuses what was written before it, in a feed whose shards have no common order.
    @Test(.enabled(if: LocalCouchDB.isInstalled, whySkipped)) func aValidationDoesNotRefuseTheRestoredCopy()
        async throws
    {
        try await withRealScene { _, scene in
            try await fill(scene)
            _ = try await scene.source.putDocument(
                "_design/no", members: ["validate_doc_update": "function (doc) { throw({forbidden: 'no'}); }"])
            let moment = try await scene.backUp().moment
            for backup in [DrillRun.Backup.moment(try await scene.moment(moment)), .database(scene.source)] {
                let report = try await DrillRun(backup, in: .server(scene.connection)).run(until: StopRequest())
                #expect(report.verdict == .equal && report.problems == [], "\(report)")
            }
        }
    }

    /// Changes a byte of the body of one document in the vault's file.
    private func damage(_ scene: Scene, _ moment: Moment) async throws {
        try await scene.withBackup { backup in
            try await backup.file.write { database in
                let name = Data("document-11".utf8)
                let row = try #require(
                    try Row.fetchOne(
                        database,
                        sql:
                            "SELECT b.id, b.data FROM leaf l JOIN body b ON b.id = coalesce(l.body, l.id) WHERE l.name = ?",
                        arguments: [name]))
                var data: Data = row[1]
                data[data.count / 2] ^= 0x10
                try database.execute(sql: "UPDATE body SET data = ? WHERE id = ?", arguments: [data, row[0] as Int64])
            }
        }
    }

    /// A large attachment is a file of its own, which nobody needs to open to copy its document into memory.
    @Test(arguments: [true, false]) func aDamagedAttachmentIsFoundInMemory(isMissing: Bool) async throws {
        try await withScene { _, scene in
            try await fill(scene)
            let moment = try await scene.backUp().moment
            try scene.damageObject(isMissing: isMissing)
            let report = try await DrillRun(.moment(scene.moment(moment)), in: .memory).run(until: StopRequest())
            #expect(report.verdict == .different && report.differing == 1, "\(report)")
            #expect(report.problems.map(\.id) == ["attached"], "\(report)")
            #expect(report.reason?.contains("the vault does not hand out 1 document") == true, "\(report)")
        }
    }

    /// The evidence is there, whatever became of the scratch.
    @Test func aScratchThatStaysDoesNotLoseTheReport() async throws {
        try await withScene { server, scene in
            try await fill(scene)
            let moment = try await scene.backUp().moment
            var run = DrillRun(.moment(try await scene.moment(moment)), in: .server(scene.connection))
            // Behind the restore, which removes documents of its own.
            run.onComparison = { _ in
                server.faults.add(
                    Fault(
                        .failure(status: 403, error: "forbidden", reason: "not by you"), method: "DELETE",
                        pathPrefix: "/\(ScratchName.prefix)"))
            }
            let report = try await run.run(until: StopRequest())
            #expect(report.verdict == .equal && report.documents == 63, "\(report)")
            #expect(report.leftover?.contains("not by you") == true, "\(report)")
            #expect(try await scratches(scene).count == 1)
        }
    }

    private func findDamage(_ scene: Scene) async throws {
        try await fill(scene)
        let moment = try await scene.backUp().moment
        try await damage(scene, moment)
        for place in [DrillRun.Place.memory, .server(scene.connection)] {
            let report = try await DrillRun(.moment(scene.moment(moment)), in: place).run(until: StopRequest())
            #expect(report.verdict == .different, "\(report)")
            #expect(report.problems.contains { $0.id == "document-11" }, "\(report)")
            #expect(report.differing == 1, "\(report)")
            #expect(report.reason?.contains("the vault does not hand out 1 document") == true, "\(report)")
            #expect(try await scratches(scene) == [])
        }
    }

    @Test func damageOfTheVaultIsFound() async throws {
        try await withScene { _, scene in try await findDamage(scene) }
    }

    @Test(.enabled(if: LocalCouchDB.isInstalled, whySkipped)) func damageOfTheVaultIsFoundOnCouchDB() async throws {
        try await withRealScene { _, scene in try await findDamage(scene) }
    }

    /// A server that loses what it has acknowledged.
    @Test func aScratchThatLacksADocumentIsFound() async throws {
        try await withScene { server, scene in
            try await fill(scene)
            let moment = try await scene.backUp().moment
            server.faults.add(
                Fault(.documentMissing(id: "document-3"), pathPrefix: "/\(ScratchName.prefix)"))
            let report = try await DrillRun(.moment(scene.moment(moment)), in: .server(scene.connection))
                .run(until: StopRequest())
            #expect(report.verdict == .different && report.problems.contains { $0.id == "document-3" }, "\(report)")
            #expect(report.reason == nil, "the vault is sound: \(report)")
            #expect(try await scratches(scene) == [])
        }
    }

    @Test func aServerThatFailsSaysNothingOfTheBackup() async throws {
        try await withScene { server, scene in
            try await fill(scene)
            let moment = try await scene.backUp().moment
            server.faults.add(
                Fault(
                    .failure(status: 400, error: "bad_request", reason: "not today"), pathContains: "_bulk_docs"))
            let report = try await DrillRun(.moment(scene.moment(moment)), in: .server(scene.connection))
                .run(until: StopRequest())
            #expect(report.verdict != .equal, "\(report)")
            #expect(try await scratches(scene) == [])
        }
    }

    @Test func aServerThatTakesNoScratchIsAnObstacle() async throws {
        try await withScene { server, scene in
            try await fill(scene)
            let moment = try await scene.moment(scene.backUp().moment)
            server.faults.add(
                Fault(
                    .failure(status: 403, error: "forbidden", reason: "not by you"), method: "PUT",
                    pathPrefix: "/\(ScratchName.prefix)"))
            let report = try await DrillRun(.moment(moment), in: .server(scene.connection)).run(until: StopRequest())
            #expect(report.verdict == .unknown && report.obstacle == .forbidden, "\(report)")
            #expect(report.reason?.contains("not by you") == true && report.leftover == nil, "\(report)")
        }
    }

    @Test func isCutOffAndLeavesNothing() async throws {
        try await withScene { server, scene in
            try await fill(scene)
            let moment = try await scene.moment(scene.backUp().moment)
            let stall = server.faults.add(Fault(.stall(afterBytes: 0), pathContains: "_bulk_docs"))
            let stop = StopRequest()
            try await withThrowingTaskGroup(of: DrillReport.self) { group in
                group.addTask { try await DrillRun(.moment(moment), in: .server(scene.connection)).run(until: stop) }
                try await server.faults.struck(stall)
                #expect(try await scratches(scene).count == 1)
                stop.request()
                let report = try #require(try await group.next())
                #expect(report.verdict == .unknown && report.reason == "it was stopped")
            }
            server.faults.remove(stall)
            #expect(try await scratches(scene) == [])
        }
    }

    /// A server that was asked for a database may make it after the request was given up: nothing is given up.
    @Test func waitsForTheScratchThatItHasAskedFor() async throws {
        try await withScene { server, scene in
            try await fill(scene)
            let moment = try await scene.moment(scene.backUp().moment)
            let stall = server.faults.add(
                Fault(.stall(afterBytes: 0), method: "PUT", pathPrefix: "/\(ScratchName.prefix)"))
            let stop = StopRequest()
            let end = StopRequest()
            try await withThrowingTaskGroup(of: DrillReport.self) { group in
                group.addTask {
                    let report = try await DrillRun(.moment(moment), in: .server(scene.connection)).run(until: stop)
                    end.request()
                    return report
                }
                try await server.faults.struck(stall)
                stop.request()
                // Time enough for a drill that does not wait.
                for _ in 0..<40 { _ = try await scene.source.info() }
                #expect(!end.isRequested)
                server.faults.remove(stall)
                let report = try #require(try await group.next())
                #expect(report.verdict == .unknown && report.reason == "it was stopped", "\(report)")
            }
            #expect(try await scratches(scene) == [])
        }
    }

    @Test func refusesWhatDoesNotFitIntoMemory() async throws {
        try await withScene { _, scene in
            try await fill(scene)
            var run = DrillRun(.moment(try await scene.moment(scene.backUp().moment)), in: .memory)
            run.memoryLimit = 50_000
            let error = await #expect(throws: DrillError.self) { try await run.run(until: StopRequest()) }
            #expect(error?.code == .tooLarge)
        }
    }

    @Test(arguments: ["orders", "Straße/größe", "a+b(c)", "_users", String(repeating: "x", count: 300)])
    func namesAreTakenByCouchDB(backup: String) {
        let name = ScratchName.make(for: backup)
        #expect(name.wholeMatch(of: /couchkeep-drill-[a-z0-9-]{1,69}/) != nil, "\(name)")
        // Who calls a database so means to keep it.
        let others = ["orders", "x-\(name)", "couchkeep-drill-notes", "couchkeep-drill-0badf00d", "\(name)-old"]
        #expect(ScratchName.leftovers(others + [name]) == [name])
        #expect(ScratchName.make(for: backup) != name)
    }
}
