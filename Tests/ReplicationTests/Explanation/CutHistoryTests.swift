import CouchDB
import CouchSim
import Testing

@testable import Replication

/// A lowered `_revs_limit` leaves revisions at the target that no replication can end; they are told as what they are.
@Suite struct CutHistoryTests {
    @Test func isToldOfASimulatedServer() async throws {
        try await withSimulatedReplica { _, replica in try await expectReason(replica.database.server) }
    }

    @Test(.enabled(if: LocalCouchDB.isInstalled, "no CouchDB is installed")) func isToldOfCouchDB() async throws {
        try await withRealServer { try await expectReason($0) }
    }

    private func expectReason(_ connection: ServerConnection) async throws {
        let (source, target) = (connection.database("cut"), connection.database("cut-copy"))
        for database in [source, target] { try await database.create(q: 1) }
        let replicator = Replicator(from: CouchReplica(source), to: CouchReplica(target), options: .test(id: nil))
        try await edit(source, times: 2)
        _ = try await replicator.run()
        try await source.setRevisionsLimit(3)
        try await edit(source, times: 6)
        _ = try await Replicator(from: CouchReplica(source), to: CouchReplica(target), options: .test(id: nil)).run()
        var verification = Verification(CouchReplica(source), CouchReplica(target))
        verification.looks = [.zero]
        let result = try await verification.run()
        let difference = try #require(result.differences.first)
        #expect(result.differences.count == 1 && difference.onlyInTarget.map(\.generation) == [2])
        #expect(difference.reason?.code == .historyCutOff)
        #expect(difference.reason?.sentence.contains("only to generation 6 ") == true)
        // A source that was set back could look like that too.
        #expect(ExtraRemoval.plan([difference], keepsUnexplained: true).removed == [])
        let removed = try await ExtraRemoval(CouchReplica(source), CouchReplica(target)).run([difference])
        #expect(removed.purged == 1 && removed.remaining == [])
        #expect(try await verification.run().verdict == .equal)
    }

    private func edit(_ database: CouchDatabase, times: Int) async throws {
        for number in 0..<times {
            let revision = try await database.document("d")?["_rev"]
            _ = try await database.server.json(
                .put, [database.name, "d"],
                body: .object(["number": .integer(Int64(number))].merging(revision.map { ["_rev": $0] } ?? [:]) { $1 }))
        }
    }
}
