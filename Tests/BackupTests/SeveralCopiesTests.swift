import Backup
import CouchDB
import CouchSim
import Foundation
import Replication
import Testing

@testable import Vault

/// Sources whose shards have several copies, each of which may tell another mark, since no node brings it to another one.
@Suite(.timeLimit(.minutes(2))) struct SeveralCopiesTests {
    /// Makes the source tell what a copy tells that was away when the mark was left; nil for one that has none.
    private func tell(_ moment: Int?, in scene: Scene) async throws {
        let uuid = try await scene.withBackup { $0.uuid }
        let id = "couchkeep-backup-\(uuid)"
        guard let moment else {
            let revision = try #require(try await scene.source.localDocument(id)?["_rev"]?.string)
            return try await scene.source.deleteLocalDocument(id, revision: revision)
        }
        _ = try await scene.source.putLocalDocument(
            id, members: ["backup": .string(uuid), "moment": .integer(Int64(moment))])
    }

    private func markedMoment(_ scene: Scene) async throws -> Int? {
        let uuid = try await scene.withBackup { $0.uuid }
        return try await scene.source.localDocument("couchkeep-backup-\(uuid)")?["moment"]?.integer
    }

    /// A fault: the next answer denies a revision that the source has.
    private func denial(of id: String, by scene: Scene) async throws -> Fault {
        let revision = try #require(try await scene.source.document(id)?["_rev"]?.string)
        return Fault(
            .page(#"{"\#(id)":{"missing":["\#(revision)"]}}"#, status: 200), pathContains: "_revs_diff",
            database: "source", count: 1)
    }

    @Test(arguments: [1, nil] as [Int?]) func goesOnWhereACopyTellsAnOlderMark(moment: Int?) async throws {
        try await withScene(copies: 2) { server, scene in
            try await scene.source.fill(30)
            try await scene.backUp()
            try await scene.source.write(["document-1": ["v": 2], "document-2": ["_deleted": true], "new": [:]])
            let second = try await scene.backUp()
            try await tell(moment, in: scene)
            // The answer is of copies that lack a document, and the next one is not.
            let fault = server.faults.add(try await denial(of: "new", by: scene))
            try await scene.source.write(["newer": [:]])
            let third = try await scene.backUp()
            #expect(server.faults.strikes(of: fault) == 1)
            #expect(third.source == .same && third.moment.epoch == second.moment.epoch, "\(third.source)")
            #expect(third.replication.counts.revisionsStored == 1 && third.isMarked)
            #expect(try await LeafPicture.all(of: scene.moment(third.moment)) == scene.picture())
            #expect(try await markedMoment(scene) == 3)
            #expect(try await scene.backUp().source == .same)
        }
    }

    /// That CouchDB does not hand out a setting this time is no change of it.
    @Test(arguments: ["/_security", "/_revs_limit"]) func goesOnWhereASettingCannotBeRead(path: String) async throws {
        try await withScene(copies: 2) { server, scene in
            try await scene.source.fill(30)
            try await scene.source.setRevisionsLimit(50)
            for _ in 0..<2 { try await scene.backUp() }
            try await tell(1, in: scene)
            server.faults.add(
                Fault(.failure(status: 403, error: "forbidden", reason: "no"), method: "GET", pathContains: path))
            let report = try await scene.backUp()
            #expect(report.source == .same && report.moment.epoch == 1 && report.unread.count == 1, "\(report)")
            server.faults.removeAll()
            #expect(try await scene.backUp().source == .same)
        }
    }

    /// A position of another copy may hide changes: all is compared where the mark is in doubt.
    @Test func findsWhatThePositionHides() async throws {
        try await withScene(copies: 2) { server, scene in
            try await scene.source.fill(30)
            let snapshot = try server.snapshot(of: "source")
            try await scene.source.setRevisionsLimit(900)
            try await scene.source.setRevisionsLimit(1000)
            try await scene.backUp()
            // The numbers of those changes are given again, to documents.
            try server.rollback(to: snapshot)
            try await scene.source.write(["hidden": [:]])
            let report = try await scene.backUp()
            #expect(report.source == .same && report.moment.documents == 31, "\(report)")
            #expect(try await LeafPicture.all(of: scene.moment(report.moment)) == scene.picture())
        }
    }

    /// Too few copies have taken the mark: others go on to tell the older one.
    @Test func remembersNoMarkThatTooFewCopiesTook() async throws {
        try await withScene { server, scene in
            try await scene.source.fill(30)
            try await scene.backUp()
            try await scene.source.write(["document-1": ["v": 2], "new": [:]])
            server.faults.add(Fault(.accepted, method: "PUT", pathContains: "/_local/", database: "source"))
            let second = try await scene.backUp()
            #expect(!second.isMarked && second.markFailure?.status == 202 && !second.isIncomplete, "\(second)")
            server.faults.removeAll()
            #expect(try await markedMoment(scene) == 2, "some have it")
            try await tell(1, in: scene)
            let fault = server.faults.add(try await denial(of: "new", by: scene))
            let third = try await scene.backUp()
            #expect(server.faults.strikes(of: fault) == 1)
            #expect(third.source == .same && third.moment.epoch == second.moment.epoch, "\(third.source)")
            #expect(third.isMarked && third.markFailure == nil && third.replication.counts.revisionsStored == 0)
            #expect(try await markedMoment(scene) == 3)
        }
    }

    @Test(arguments: [1, 3], ["document", "deletion", "security"])
    func findsThatTheSourceWentBack(copies: Int, change: String) async throws {
        try await withScene(copies: copies) { server, scene in
            try await scene.source.fill(20)
            try await scene.backUp()
            let snapshot = try server.snapshot(of: "source")
            switch change {
            case "document": try await scene.source.write(["document-1": ["v": 2]])
            case "deletion": try await scene.source.write(["document-1": ["_deleted": true]])
            default: try await scene.source.setSecurity(["admins": ["names": ["ann"], "roles": []]])
            }
            try await scene.backUp()
            try server.rollback(to: snapshot)
            let report = try await scene.backUp()
            guard case .newEpoch = report.source else {
                Issue.record("\(report.source)")
                return
            }
            #expect(report.moment.epoch == 2)
            #expect(try await LeafPicture.all(of: scene.moment(report.moment)) == scene.picture())
        }
    }

    @Test func findsThatTheSourceWentBackBehindItsFirstMark() async throws {
        try await withScene(copies: 3) { server, scene in
            try await scene.source.fill(20)
            let snapshot = try server.snapshot(of: "source")
            try await scene.source.write(["document-1": ["v": 2]])
            try await scene.backUp()
            try server.rollback(to: snapshot)
            let report = try await scene.backUp()
            #expect(report.moment.epoch == 2 && report.source != .same, "\(report.source)")
        }
    }
}
