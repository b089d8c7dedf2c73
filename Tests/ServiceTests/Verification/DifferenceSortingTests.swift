import CouchDB
import CouchSim
import Foundation
import Testing

@testable import Replication
@testable import Service

/// What a verdict says when the backup lacks documents that changed at the source behind its checkpoint.
@Suite(.timeLimit(.minutes(1))) struct DifferenceSortingTests {
    private let begun = Date(timeIntervalSince1970: 1_795_507_200)

    /// Sorts differences of a source with three documents, of which the backup's checkpoint knows none.
    private func record(
        missing: [DocumentID] = [], extra: [DocumentID] = [], limit: Int = ChangedSince.limit,
        isSuspected: Bool = false, filledTo: UpdateSequence = UpdateSequence("0"), unreadable: Int = 0,
        away: AwayNodes? = nil
    ) async throws -> VerificationRecord {
        try await withSimulatedServers { server, _ in
            server.makeDatabases("orders")
            try server.fill("orders", prefix: "new", count: 3)
            let connection = try ServerConnection(
                url: ServerURL(server.baseURL),
                authentication: .basic(user: server.administrator, password: server.password))
            var sorting = DifferenceSorting(
                LaterChanges(
                    source: connection.database("orders"), filledTo: filledTo, isSuspected: isSuspected, limit: limit),
                filledAt: begun.addingTimeInterval(-86_400), file: "/nowhere")
            let revision = try #require(RevisionID("1-00000000000000000000000000000001"))
            for id in missing { try await sorting.take(Difference(id: id, kind: .missing, onlyInSource: [revision])) }
            for id in extra { try await sorting.take(Difference(id: id, kind: .extra, onlyInTarget: [revision])) }
            var counts = ComparisonCounts()
            (counts.missing, counts.extra) = (missing.count, extra.count)
            var bodies = BodyReport()
            bodies.unreadable = unreadable
            var result = Verification.Result(
                verdict: missing.isEmpty && extra.isEmpty ? .equal : .different, level: .bodies,
                sequence: UpdateSequence("3"), at: begun, counts: counts, differences: [], bodies: bodies,
                elapsed: .zero)
            result.away = away
            let record = VerificationRecord(
                pair: "orders", source: "a", target: "b", level: .bodies, reasonToRun: "asked", startedAt: begun)
            let outcome = try sorting.outcome(of: result, record, endedAt: begun)
            try await connection.shutdown()
            return outcome.record
        }
    }

    @Test("What is on its way may never arrive: the verdict proves nothing, and is as old as the checkpoint")
    func onTheirWay() async throws {
        let behind = try await record(missing: ["new-1", "new-2"])
        #expect(behind.verdict == .equal && behind.onTheirWay == 2)
        #expect(behind.hasFoundAll && !behind.isProof)
        #expect(behind.asOf == begun.addingTimeInterval(-86_400))
        let whole = try await record()
        #expect(whole.isProof && whole.asOf == begun)
    }

    @Test("A position of 1.x that the server of now can't read explains nothing, and ends nothing")
    func unreadablePosition() async throws {
        let found = try await record(missing: ["new-1"], filledTo: UpdateSequence(275))
        #expect(found.verdict == .different && found.onTheirWay == 0 && found.counts.missing == 1)
    }

    @Test func whatIsSuspectedToBeLostIsNotTakenForOnItsWay() async throws {
        let found = try await record(missing: ["new-1"], isSuspected: true)
        #expect((found.verdict, found.doubt) == (.unknown, .backupBehind))
        #expect(try await record(isSuspected: true).isProof)
        #expect(try await record(missing: ["lost"], isSuspected: true).verdict == .different)
    }

    @Test(
        "Where nodes are away, what is left beside what is on its way proves nothing, and what is missing stays missing"
    )
    func nodesAway() async throws {
        let membership = Membership(allNodes: ["a1@host"], clusterNodes: ["a1@host", "a2@host", "a3@host"])
        let counts = try #require(CopyCounts(n: 3, w: 2))
        let away = AwayNodes(source: NodesAway(membership, nil, counts))
        let behind = try await record(missing: ["new-1"], away: away)
        #expect((behind.verdict, behind.doubt, behind.hasFoundAll) == (.unknown, .nodesAway, false))
        let extra = try await record(extra: ["stray"], away: away)
        #expect((extra.verdict, extra.doubt, extra.hasFoundAll) == (.unknown, .nodesAway, false))
        #expect(try await record(missing: ["lost"], away: away).verdict == .different)
    }

    @Test("One stray document hides neither what was not read nor what is too far behind")
    func extrasHideNothing() async throws {
        let far = try await record(missing: ["new-1", "other"], extra: ["stray"], limit: 2)
        #expect((far.verdict, far.doubt, far.hasFoundAll) == (.unknown, .backupBehind, false))
        let unread = try await record(extra: ["stray"], unreadable: 1)
        #expect((unread.verdict, unread.doubt, unread.hasFoundAll) == (.unknown, .contentUnreadable, false))
        let extra = try await record(extra: ["stray"])
        #expect(extra.verdict == .different && extra.isProof)
    }
}
