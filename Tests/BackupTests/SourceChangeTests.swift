import Backup
import CouchDB
import CouchSim
import Foundation
import Replication
import Testing

@testable import Vault

/// What happens to a source beside edits: purges, lost histories, a new creation, a step back in time.
@Suite struct SourceChangeTests {
    /// Backs up, and expects the moment to be what the source is.
    @discardableResult
    private func expectExactBackup(_ scene: Scene, _ comment: Comment) async throws -> BackupReport {
        let report = try await scene.backUp()
        let (kept, source) = (try await LeafPicture.all(of: scene.moment(report.moment)), try await scene.picture())
        let isEqual = kept == source
        #expect(isEqual, "\(comment): \(report.source), \(kept.difference(from: source))")
        #expect(report.moment.documents + report.moment.deleted == Set(source.map(\.id)).count, comment)
        #expect(report.moment.leaves == source.count, comment)
        return report
    }

    @Test func followsPurges() async throws {
        try await withScene { _, scene in
            try await scene.source.write(["whole": ["v": 1], "other": ["v": 1], "gone": ["v": 1]])
            try await scene.source.replicate("branch", [revision(2, "a"), revision(1, "1")])
            try await scene.source.replicate("branch", [revision(2, "b"), revision(1, "1")])
            try await scene.source.replicate("again", [revision(2, "a"), revision(1, "1")])
            try await scene.source.write(["gone": ["_deleted": true]])
            let first = try await expectExactBackup(scene, "first")
            let before = try await scene.picture()

            let whole = try #require(try await scene.source.document("whole")?["_rev"]?.string)
            let gone = try #require(before.first { $0.id == "gone" }).path.leaf.description
            _ = try await scene.source.purge([
                "whole": [whole], "gone": [gone], "branch": [revision(2, "b")], "again": [revision(2, "a")],
            ])
            // Its only revision now is one that the backup knows as an ancestor.
            try await scene.source.replicate("again", [revision(1, "1")])
            let report = try await expectExactBackup(scene, "purged")
            #expect(report.source == .same)
            #expect(try await LeafPicture.all(of: scene.moment(first.moment)) == before, "the past stays")
            try await expectExactBackup(scene, "nothing new")
            #expect(try await scene.withBackup { try await $0.check(readData: true) }.problems == [])
        }
    }

    /// A branch that was merely replaced is no purge, whatever else was purged.
    @Test func losesNothingThatWasNotPurged() async throws {
        try await withScene { _, scene in
            try await scene.source.fill(300)
            try await expectExactBackup(scene, "first")
            let revision = try #require(try await scene.source.document("document-7")?["_rev"]?.string)
            _ = try await scene.source.purge(["document-7": [revision]])
            try await scene.source.write(["document-8": ["v": 2], "document-9": ["_deleted": true], "new": [:]])
            let report = try await expectExactBackup(scene, "purged")
            #expect((report.moment.documents, report.moment.deleted) == (299, 1))
        }
    }

    /// With a low limit a document comes with a history that does not reach back to what the backup has.
    @Test func followsHistoriesThatWereCutOff() async throws {
        try await withScene { _, scene in
            try await scene.source.setRevisionsLimit(2)
            try await scene.source.write(["counter": ["v": 0], "other": ["v": 0]])
            try await expectExactBackup(scene, "first")
            for value in 1..<6 { try await scene.source.write(["counter": ["v": .integer(Int64(value))]]) }
            let report = try await expectExactBackup(scene, "edited")
            #expect(report.moment.leaves == 2)
        }
    }

    @Test func endsWhatWasReplacedBeforeTheLimitWasLowered() async throws {
        try await withScene { _, scene in try await lowersTheLimit(scene) }
    }

    @Test(.enabled(if: LocalCouchDB.isInstalled, whySkipped), .timeLimit(.minutes(2)))
    func endsWhatWasReplacedInCouchDBBeforeTheLimitWasLowered() async throws {
        try await withRealScene { _, scene in try await lowersTheLimit(scene) }
    }

    /// The source still knows the old revisions as ancestors, but hands out histories that don't reach them any more.
    private func lowersTheLimit(_ scene: Scene) async throws {
        if try await !scene.source.exists() { try await scene.source.create() }
        try await scene.source.write(["deleted": ["v": 1], "edited": ["v": 1], "same": ["v": 1]])
        try await scene.source.replicate("branch", [revision(2, "a"), revision(1, "1")])
        try await scene.source.replicate("branch", [revision(2, "b"), revision(1, "1")])
        let first = try await expectExactBackup(scene, "first")
        let before = try await scene.picture()
        try await scene.source.write(["deleted": ["_deleted": true], "edited": ["v": 2]])
        try await scene.source.replicate(
            "branch", [revision(4, "c"), revision(3, "b"), revision(2, "b"), revision(1, "1")])
        // What replication makes of it is what the source is not.
        let copy = scene.beside("copy")
        try await copy.create()
        _ = try await Replicator(from: scene.moment(first.moment), to: CouchReplica(copy), options: .test).run()
        try await scene.source.setRevisionsLimit(1)
        let report = try await scene.backUp()
        #expect(report.moment.documents == 3 && report.moment.deleted == 1 && report.moment.leaves == 5)
        // What was not edited keeps the longer history that it came with.
        func leaves(_ pictures: Set<LeafPicture>) -> Set<String> { Set(pictures.map { "\($0.id) \($0.path.leaf)" }) }
        let kept = try await LeafPicture.all(of: scene.moment(report.moment))
        #expect(leaves(kept) == leaves(try await scene.picture()))
        #expect(try await LeafPicture.all(of: scene.moment(first.moment)) == before, "the past stays")
        _ = try await Replicator(from: CouchReplica(scene.source), to: CouchReplica(copy), options: .test).run()
        let verified = try await Verification(CouchReplica(scene.source), CouchReplica(copy)).run()
        #expect(verified.counts.otherLeaves == 3)
    }

    @Test func beginsAnEpochWhereTheSourceWasMadeAnew() async throws {
        try await withScene { server, scene in
            try await scene.source.fill(20)
            let first = try await expectExactBackup(scene, "first")
            let before = try await scene.picture()
            try await scene.source.delete()
            try await scene.source.create()
            try await scene.source.fill(5, value: 7)
            let report = try await expectExactBackup(scene, "anew")
            guard case .newEpoch(let reason) = report.source else {
                Issue.record("\(report.source)")
                return
            }
            #expect(reason.contains("created anew"))
            #expect(report.moment.epoch == 2 && report.moment.documents == 5)
            let restored = try await scene.restore(first.moment, to: scene.beside("restored"))
            #expect(restored.isEqual)
            #expect(try await scene.picture(of: scene.beside("restored")).unordered == before.unordered)
            #expect(try await scene.backUp().source == .same)
        }
    }

    @Test func beginsAnEpochWhereTheSourceWentBack() async throws {
        try await withScene { server, scene in
            try await scene.source.fill(20)
            try await expectExactBackup(scene, "first")
            let snapshot = try server.snapshot(of: "source")
            try await scene.source.write(["later": ["v": 1], "document-1": ["v": 9]])
            let second = try await expectExactBackup(scene, "second")
            let before = try await scene.picture()
            try server.rollback(to: snapshot)
            // Other changes take the numbers of those that were lost.
            try await scene.source.write(["other": ["v": 1], "document-2": ["v": 8]])
            let third = try await expectExactBackup(scene, "back")
            #expect(third.moment.epoch == 2)
            #expect(try await LeafPicture.all(of: scene.moment(second.moment)) == before)
        }
    }

    /// A run was cut off behind the last moment, and the source then went back to before what that run has read: the mark
    /// alone does not show it.
    @Test(arguments: [true, false]) func noticesThatTheSourceWentBackBehindARunThatWasCutOff(hasMoment: Bool)
        async throws
    {
        try await withScene { server, scene in
            try await scene.source.fill(20)
            if hasMoment { try await expectExactBackup(scene, "first") }
            let snapshot = try server.snapshot(of: "source")
            try await scene.source.fill(180, prefix: "later-")
            try await cutOff(scene, on: server, afterFetches: 16)
            try server.rollback(to: snapshot)
            try await scene.source.fill(180, prefix: "other-")
            let back = try await expectExactBackup(scene, "back")
            #expect(!hasMoment || back.source != .same)
            try await expectExactBackup(scene, "again")
        }
    }

    /// Backs up, and fails behind so many fetches of at most ten documents each, some of which are stored then.
    private func cutOff(_ scene: Scene, on server: SimulatedServer, afterFetches count: Int) async throws {
        var options = ReplicationOptions.test
        // What was fetched can't be far ahead of what was stored.
        options.bufferBytes = 1000
        func stored() async throws -> Int { try await scene.withBackup { try await $0.statistics().leaves } }
        let before = try await stored()
        server.faults.add(Fault(.hangUp, pathContains: "_bulk_get", database: "source", after: count))
        await #expect(throws: ReplicationFailure.self) { _ = try await scene.backUp(options: options) }
        server.faults.removeAll()
        #expect(try await stored() > before)
    }

    @Test func goesOnWhereARunWasCutOff() async throws {
        try await withScene { server, scene in
            try await scene.source.fill(200)
            try await cutOff(scene, on: server, afterFetches: 17)
            let report = try await expectExactBackup(scene, "again")
            #expect(report.moment.number == 1, "what was cut off is no moment")
            #expect(report.replication.resumption.cause == .resumed)
            #expect(report.replication.counts.revisionsStored < 200)
        }
    }

    @Test func refusesAnotherDatabaseUnderTheSameName() async throws {
        try await withScene { _, scene in
            try await scene.source.fill(3)
            try await scene.backUp()
            let other = scene.connection.database("other")
            try await other.create()
            let error = await #expect(throws: ReplicationFailure.self) {
                _ = try await scene.withBackup { try await BackupRun(of: other, into: $0).run() }
            }
            #expect((error?.underlying as? VaultError)?.code == .otherDatabase)
        }
    }
}
