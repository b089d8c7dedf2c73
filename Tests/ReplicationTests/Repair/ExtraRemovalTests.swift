import CouchDB
import CouchSim
import Foundation
import Testing

@testable import Replication

/// Revisions that only the target has are removed exactly, and nothing else is.
@Suite struct ExtraRemovalTests {
    private func filled(_ replica: CouchReplica) async throws -> MemoryReplica {
        let source = MemoryReplica(name: "source")
        for number in 0..<20 { try source.edit(DocumentID("d\(number)"), members: #""n":\#(number)"#) }
        _ = try await replica.store(source.leafRevisions, checkpoint: nil)
        _ = try await replica.database.putDocument("stray", members: [:])
        return source
    }

    private func extra(_ source: MemoryReplica, _ target: CouchReplica) async throws -> [Difference] {
        var verification = Verification(source, target)
        verification.looks = [.zero]
        return try await verification.run().differences
    }

    /// A stray conflict goes, and the source's leaf beside it stays.
    @Test func leavesTheOtherLeaf() async throws {
        try await withSimulatedReplica { _, target in
            let source = try await filled(target)
            let text = #"{"_id":"d3","_rev":"1-\#(String(repeating: "f", count: 32))","stray":1}"#
            _ = try await target.store([try Revision(document: Data(text.utf8))], checkpoint: nil)
            let found = try await extra(source, target)
            #expect(Set(found.map(\.id)) == ["stray", "d3"])
            let report = try await ExtraRemoval(source, target).run(found)
            #expect(report.purged == 2 && report.remaining == [] && report.kept == [])
            #expect(try await extra(source, target) == [])
        }
    }

    /// What only the target seems to have may be on those nodes, however many copies are left.
    @Test func removesNothingWhileANodeOfTheSourceIsAway() async throws {
        try await withSimulatedReplica(otherNodes: ["a2@127.0.0.1", "a3@127.0.0.1"]) { server, source in
            server.makeDatabases("copy")
            try server.put("stray", in: "copy")
            let target = CouchReplica(source.database.server.database("copy"))
            var verification = Verification(source, target)
            (verification.looks, verification.explains) = ([.zero], false)
            let found = try await verification.run().differences
            server.setNodesAway(["a2@127.0.0.1"])
            let away = await #expect(throws: SourceNodesAway.self) {
                try await ExtraRemoval(source, target).run(found)
            }
            #expect(away?.summary == "1 of 3 nodes (a2@127.0.0.1) is away")
            // Its shards still lie on a node that was taken out of the cluster.
            server.removeNodes(["a2@127.0.0.1"])
            let removed = await #expect(throws: SourceNodesAway.self) {
                try await ExtraRemoval(source, target).run(found)
            }
            #expect(removed?.summary == "1 of 3 nodes (a2@127.0.0.1) is away")
            #expect(try server.documentCount(of: "copy") == 1)
            // Who may not ask is held back by nothing.
            server.faults.add(
                Fault(.failure(status: 403, error: "forbidden", reason: "no"), pathPrefix: "/_membership"))
            #expect(try await ExtraRemoval(source, target).run(found).purged == 1)
        }
    }

    /// A node of the source that is back and has not caught up knows less than the others.
    @Test func removesNothingThatAnotherCopyHas() async throws {
        try await withSimulatedReplica(otherNodes: ["a2@127.0.0.1", "a3@127.0.0.1"]) { server, source in
            server.makeDatabases("copy")
            let old = try server.snapshot(of: "db")
            try server.put("acknowledged", in: "db")
            let target = CouchReplica(source.database.server.database("copy"))
            _ = try await Replicator(from: source, to: target, options: .test()).run()
            try server.put("stray", in: "copy")
            server.faults.add(Fault(.olderCopy(old), database: "db"))
            let found = try await target.leaves(of: ["acknowledged", "stray"])
                .map { Difference(id: $0.id, kind: .extra, onlyInTarget: $0.revisions) }
            #expect(found.count == 2)
            let report = try await ExtraRemoval(source, target).run(found)
            #expect(report.purged == 1 && report.kept.map(\.id) == ["acknowledged"])
            #expect(try await target.leaves(of: ["acknowledged", "stray"]).map(\.id) == ["acknowledged"])
        }
    }

    /// What has come to the source since the verification is no extra revision any more.
    @Test func leavesWhatTheSourceKnowsByNow() async throws {
        try await withSimulatedReplica { _, target in
            let source = try await filled(target)
            let found = try await extra(source, target)
            let leaves = try await target.leaves(of: ["stray"])
            _ = try await Replicator(from: target, to: source, options: .test()).copy(leaves)
            let report = try await ExtraRemoval(source, target).run(found)
            #expect(report.purged == 0 && report.kept.map(\.id) == ["stray"])
            #expect(try await target.leaves(of: ["stray"]) == leaves)
        }
    }

    /// The target's copy may be the last one.
    @Test func leavesWhatTheSourceHasLost() async throws {
        try await withSimulatedReplica { _, target in
            let source = try await filled(target)
            var found = try await extra(source, target)
            found[0].reason = DifferenceReason(.sourceRolledBack, "The source was set back.")
            let report = try await ExtraRemoval(source, target).run(found)
            #expect(report.purged == 0 && report.kept.map(\.id) == ["stray"])
            #expect(try await target.leaves(of: ["stray"]).count == 1)
            // So may be what nobody has explained.
            let other = Difference(id: "other", kind: .extra, onlyInTarget: [.test(1, 1)])
            #expect(ExtraRemoval.plan(found + [other]).kept.map(\.id) == ["stray", "other"])
            #expect(ExtraRemoval.plan([other]).removed == [other])
            // Without a checkpoint nobody knows whether the source was set back.
            #expect(ExtraRemoval.plan([other], keepsUnexplained: true).kept == [other])
            var ahead = other
            ahead.reason = DifferenceReason(.aheadOfSource, "It follows.")
            #expect(ExtraRemoval.plan([ahead], keepsUnexplained: true).kept == [ahead])
            ahead.reason = DifferenceReason(.strayWrite, "It is stray.")
            #expect(ExtraRemoval.plan([ahead], keepsUnexplained: true).kept == [ahead])
            #expect(ExtraRemoval.plan([ahead]).removed == [ahead])
        }
    }

    @Test("What is older than its source stays, and with it what nobody has explained, unless it is asked for")
    func keepsWhatIsOlderThanTheSource() {
        func extra(_ id: DocumentID, _ code: DifferenceReason.Code?) -> Difference {
            var difference = Difference(id: id, kind: .extra, onlyInTarget: [.test(1, 1)])
            difference.reason = code.map { DifferenceReason($0, "It is so.") }
            return difference
        }
        let (older, stray, other) = (extra("older", .olderThanSource), extra("stray", .strayWrite), extra("other", nil))
        let kept = ExtraRemoval.plan([older, stray, other])
        #expect(kept.kept == [older, other] && kept.removed == [stray])
        #expect(ExtraRemoval.plan([older, stray, other], keepsOlder: false).kept == [])
    }

    /// Before 3.0 a power cut may take back what was acknowledged within the last second.
    @Test(arguments: [ServerVersion(1, 6), ServerVersion(3, 5)])
    func isDoneWhenNoPowerCutTakesAnythingBack(version: ServerVersion) async throws {
        try await withSimulatedReplica(version) { server, target in
            let source = try await filled(target)
            try source.edit("hole", members: "")
            let found = try await extra(source, target)
            let commits = version < ServerVersion(3, 0) ? 1 : nil
            server.requests.reset()
            #expect(try await HoleRepair(source, target).run(found).copied == 1)
            #expect(server.requests.counted["POST /{db}/_ensure_full_commit"] == commits)
            server.requests.reset()
            let report = try await ExtraRemoval(source, target).run(found)
            #expect(report.purged + report.deleted == 1)
            #expect(server.requests.counted["POST /{db}/_ensure_full_commit"] == commits)
        }
    }

    /// 2.0 can't purge: a tombstone is written, and the report doesn't hide that both still differ.
    @Test func writesATombstoneWhereNothingCanBePurged() async throws {
        try await withSimulatedReplica(ServerVersion(2, 1)) { _, target in
            let source = try await filled(target)
            let report = try await ExtraRemoval(source, target).run(try await extra(source, target))
            #expect(report.purged == 0 && report.deleted == 1 && report.refusals == [] && report.remaining == [])
            #expect(try await target.database.document("stray") == nil)
            #expect(try await extra(source, target).map(\.id) == ["stray"])
        }
    }
}
