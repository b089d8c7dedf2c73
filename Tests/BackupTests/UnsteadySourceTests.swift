import Backup
import CouchDB
import CouchSim
import Foundation
import Replication
import Testing
import Vault

/// Sources that say for a while what isn't so, take no mark, or change while they are read.
@Suite struct UnsteadySourceTests {
    /// Where copies of a shard are away a revision can't be read, and is called missing by those that are there.
    @Test func keepsInMindWhatTheSourceDeniesForAWhile() async throws {
        try await withScene { server, scene in
            try await scene.source.fill(20)
            server.faults.add(Fault(.documentMissing(id: "document-3")))
            let first = try await scene.backUp()
            #expect(first.isIncomplete && first.replication.refusals.map(\.id) == ["document-3"])
            server.faults.add(
                Fault(
                    .page(#"{"document-3":{"missing":["\#(try await listedRevision(scene))"]}}"#, status: 200),
                    pathContains: "_revs_diff"))
            #expect(try await scene.backUp().isIncomplete)
            server.faults.removeAll()
            let last = try await scene.backUp()
            #expect(!last.isIncomplete && last.moment.documents == 20)
            #expect(try await LeafPicture.all(of: scene.moment(last.moment)) == scene.picture())
        }
    }

    private func listedRevision(_ scene: Scene) async throws -> String {
        let row = try await CouchReplica(scene.source).leaves(of: ["document-3"]).first
        return try #require(row?.revisions.first).description
    }

    /// A source whose disk is full can be read, and takes no mark.
    @Test(arguments: [507, 500, 405])
    func isCompleteWithoutAMark(status: Int) async throws {
        try await withScene { server, scene in
            try await scene.source.fill(10)
            let first = try await scene.backUp()
            #expect(first.isMarked && first.markFailure == nil)
            try await scene.source.write(["document-1": ["v": 2]])
            server.faults.add(
                Fault(
                    .failure(status: status, error: "insufficient_storage", reason: "the disk is full"), method: "PUT",
                    pathContains: "/_local/"))
            let second = try await scene.backUp()
            #expect(!second.isMarked && second.markFailure?.status == status && !second.isIncomplete)
            server.faults.removeAll()
            let third = try await scene.backUp()
            #expect(third.isMarked && third.source == .same && third.moment.documents == 10)
        }
    }

    /// A source that takes no mark for long does not fill the vault with moments of the same; its mark is left with the next one
    /// that is confirmed.
    @Test func confirmsAMomentThatCouldNotBeMarked() async throws {
        try await withScene { server, scene in
            try await scene.source.fill(10)
            #expect(try await scene.check().isMarked)
            server.requests.reset()
            #expect(try await !scene.check().isNew)
            let usual = server.requests.counted["GET /{db}/_changes"]
            try await scene.source.write(["document-1": ["v": 2]])
            let full = server.faults.add(
                Fault(
                    .failure(status: 507, error: "insufficient_storage", reason: "the disk is full"), method: "PUT",
                    pathContains: "/_local/"))
            let second = try await scene.check()
            #expect(second.isNew && second.markFailure != nil)
            server.requests.reset()
            let third = try await scene.check()
            #expect(!third.isNew && third.moment == second.moment && third.markFailure != nil)
            #expect(server.requests.counted["GET /{db}/_changes"] == usual, "nothing is compared")
            server.faults.remove(full)
            let fourth = try await scene.check()
            #expect(!fourth.isNew && fourth.isMarked && fourth.markFailure == nil)
            #expect(
                try await scene.withBackup { try await $0.newestEpoch().source.markedMoment } == second.moment.number)
        }
    }

    /// Without the mark a source that was put back looks like the same one.
    @Test func remembersItsMarkWhereAProxyLetsNoOtherThrough() async throws {
        try await withScene { server, scene in
            try await scene.source.fill(10)
            try await scene.backUp()
            let old = try server.snapshot(of: "source")
            try await scene.source.write(["document-1": ["v": 2]])
            try await scene.backUp()
            server.faults.add(
                Fault(.page("<html>not today</html>", status: 403), method: "PUT", pathContains: "/_local/"))
            let third = try await scene.backUp()
            #expect(!third.isMarked && third.markFailure?.status == 403 && !third.isIncomplete)
            server.faults.removeAll()
            try server.rollback(to: old)
            #expect(try await scene.backUp().moment.epoch == 2)
        }
    }

    /// With a small limit of revisions the one that the feed listed is forgotten when it is asked for.
    @Test func readsWhatWasEditedMeanwhile() async throws {
        try await withScene { _, scene in try await readsWhatWasEdited(scene) }
    }

    @Test(.enabled(if: LocalCouchDB.isInstalled, whySkipped), .timeLimit(.minutes(2)))
    func readsWhatWasEditedInCouchDBMeanwhile() async throws {
        try await withRealScene { _, scene in try await readsWhatWasEdited(scene) }
    }

    private func readsWhatWasEdited(_ scene: Scene) async throws {
        try await scene.source.setRevisionsLimit(1)
        try await scene.source.write(["hot": ["v": 1], "gone": ["v": 1]])
        let replica = CouchReplica(scene.source)
        let listed = try await replica.leaves(of: ["hot", "gone"])
        for value in 2..<4 { try await scene.source.write(["hot": ["v": .integer(Int64(value))]]) }
        let now = try #require(try await replica.leaves(of: ["hot"]).first)
        let gone = try #require(listed.first { $0.id == "gone" }?.revisions.first)
        _ = try await scene.source.purge(["gone": [gone.description]])
        var outcomes: [DocumentID: RevisionAnswer.Outcome] = [:]
        try await replica.revisions(listed) { outcomes[$0.id] = $0.outcome }
        guard case .given(let revisions) = outcomes["hot"] else {
            Issue.record("the newer revision is not given: \(String(describing: outcomes["hot"]))")
            return
        }
        #expect(revisions.map(\.revision) == now.revisions)
        guard case .unavailable = outcomes["gone"] else {
            Issue.record("what was purged is not told")
            return
        }
    }

    /// Documents are compared by their bytes, and attachments by what the documents say of them: that is not enough where files
    /// may be lost.
    @Test(arguments: [false, true]) func comparesWhatTheVaultHasOfAttachments(isLost: Bool) async throws {
        try await withScene { _, scene in
            try await scene.source.fill(5)
            try await scene.source.attach(Data(repeating: 65, count: 200_000))
            let moment = try await scene.backUp().moment
            func verify() async throws -> Verification.Result {
                var verification = Verification(CouchReplica(scene.source), try await scene.moment(moment))
                verification.looks = []
                return try await verification.run(level: .bodies)
            }
            #expect(try await verify().verdict == .equal)
            try scene.damageObject(isMissing: isLost)
            let report = try await verify()
            #expect(report.verdict != .equal, "\(report)")
        }
    }
}
