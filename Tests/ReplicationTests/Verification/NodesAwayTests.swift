import CouchDB
import CouchSim
import Foundation
import SystemPackage
import Testing

@testable import Replication

/// With too few copies left, equal sides prove nothing: what was acknowledged may be on none of them.
@Suite(.timeLimit(.minutes(1))) struct NodesAwayTests {
    private static let others = ["a2@127.0.0.1", "a3@127.0.0.1"]

    /// Runs a body with a database in a cluster of three, and a copy of it.
    private func withCluster(
        _ body: @escaping @Sendable (SimulatedServer, CouchReplica, MemoryReplica) async throws -> Void
    ) async throws {
        try await withSimulatedReplica(otherNodes: Self.others) { server, source in
            try server.fill("db", count: 30)
            let copy = MemoryReplica(name: "copy")
            _ = try await Replicator(from: source, to: copy, options: .test()).run()
            try await body(server, source, copy)
        }
    }

    private func verify(
        _ source: any ComparableReplica, _ target: any ComparableReplica,
        level: Verification.Level = .revisions
    ) async throws -> Verification.Result {
        var verification = Verification(source, target)
        verification.looks = [.zero]
        return try await verification.run(level: level)
    }

    @Test(arguments: Verification.Level.allCases)
    func equalIsUnknown(level: Verification.Level) async throws {
        try await withCluster { (server, source, copy) async throws in
            #expect(try await verify(source, copy, level: level).verdict == .equal)
            server.setNodesAway(["a3@127.0.0.1"])
            #expect(try await verify(source, copy, level: level).verdict == .equal, "two copies are left")
            server.setNodesAway(Set(Self.others))
            for (left, right) in [(source, copy), (copy, source)] as [(any ComparableReplica, any ComparableReplica)] {
                let result = try await verify(left, right, level: level)
                #expect(result.verdict == .unknown && result.doubt == .nodesAway && result.basis == nil)
                #expect(
                    result.reason
                        == "2 of 3 nodes (a2@127.0.0.1, a3@127.0.0.1) are away: what was acknowledged may not be visible"
                )
            }
            server.setNodesAway([])
            #expect(try await verify(source, copy, level: level).verdict == .equal)
        }
    }

    @Test func whatIsMissingStaysMissingAndWhatIsMoreIsUnknown() async throws {
        try await withCluster { (server, source, copy) async throws in
            server.setNodesAway(Set(Self.others))
            try copy.edit("more", members: "")
            #expect(try await verify(source, copy).doubt == .nodesAway)
            try server.put("missing", in: "db")
            let result = try await verify(source, copy)
            #expect(result.verdict == .different && result.counts.missing == 1 && result.counts.extra == 1)
        }
    }

    /// The cluster counts the copies of nodes that were taken out of it before their shards were moved.
    @Test func nodesThatWereTakenOutOfTheClusterCount() async throws {
        try await withCluster { (server, source, copy) async throws in
            server.removeNodes(Set(Self.others))
            #expect(try await verify(source, copy).verdict == .equal, "they still run")
            server.setNodesAway(Set(Self.others))
            let result = try await verify(source, copy)
            #expect(result.doubt == .nodesAway && result.away?.source?.nodes == Self.others)
        }
    }

    /// Nodes that were away when a verification began, or when it ended.
    @Test(arguments: [true, false])
    func bothEndsCount(atTheBeginning: Bool) async throws {
        try await withCluster { (server, source, copy) async throws in
            if atTheBeginning { server.setNodesAway(Set(Self.others)) }
            let target = StoppingReplica(base: copy) { server.setNodesAway(atTheBeginning ? [] : Set(Self.others)) }
            #expect(try await verify(source, target).doubt == .nodesAway)
        }
    }

    /// Hours of comparing are not to end without a verdict since a node is started again just now.
    @Test(arguments: Verification.Level.allCases)
    func aVerdictOutlivesABadSecond(level: Verification.Level) async throws {
        try await withCluster { (server, source, copy) async throws in
            server.faults.add(
                Fault(Fault.serverError, pathPrefix: "/_membership", after: level == .counts ? 0 : 1, count: 2))
            var verification = Verification(source, copy)
            (verification.looks, verification.options) = ([.zero], .test())
            #expect(try await verification.run(level: level).verdict == .equal)
            #expect(server.requests.counted["GET /_membership"] == (level == .counts ? 3 : 4), "it was asked again")
        }
    }

    /// What was read before the pause may have lacked something.
    @Test func aPauseForgetsNothing() async throws {
        let folder = FilePath(NSTemporaryDirectory()).appending("verification-\(UUID().uuidString)")
        try FileManager.default.createDirectory(atPath: folder.string, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder.string) }  // what is left over does no harm
        try await withCluster { (server, source, copy) async throws in
            func verification(_ target: StoppingReplica) -> Verification {
                var verification = Verification(source, target)
                (verification.looks, verification.folder) = ([.zero], folder)
                verification.checkpointInterval = .zero
                return verification
            }
            server.setNodesAway(Set(Self.others))
            let state = folder.appending("state.json").string
            let stopping = StoppingReplica(base: copy) {
                if FileManager.default.fileExists(atPath: state) { throw StoppingReplica.Stopped() }
            }
            await #expect(throws: (any Error).self) { try await verification(stopping).run(level: .bodies) }
            server.setNodesAway([])
            let resumed = try await verification(StoppingReplica(base: copy)).run(level: .bodies, resuming: true)
            #expect(resumed.doubt == .nodesAway)
        }
    }

    @Test func whoMayNotAskClaimsNothing() async throws {
        try await withCluster { (server, source, copy) async throws in
            server.setNodesAway(Set(Self.others))
            server.faults.add(
                Fault(.failure(status: 403, error: "forbidden", reason: "no"), pathPrefix: "/_membership"))
            #expect(try await verify(source, copy).verdict == .equal)
        }
        // A connection that was refused does not ask again at once.
        try await withCluster { (server, source, copy) async throws in
            server.setNodesAway(Set(Self.others))
            server.faults.add(Fault(.page("<html>", status: 404), pathPrefix: "/_membership"))
            #expect(try await verify(source, copy).verdict == .equal)
            server.faults.removeAll()
            server.faults.add(Fault(.page("<html>", status: 502), pathPrefix: "/_membership"))
            await #expect(throws: ReplicationFailure.self, "that is no answer of one that has no such endpoint") {
                try await verify(source, copy)
            }
            // Where nobody tells where the copies lie, they may all be with those nodes.
            server.faults.removeAll()
            server.faults.add(Fault(.page("<html>", status: 404), pathContains: "/_shards"))
            #expect(try await verify(source, copy).doubt == .nodesAway)
        }
    }

    @Test func asksNothingOfSingleNodesAndLittleOfClusters() async throws {
        try await withSimulatedReplica { server, source in
            _ = try await verify(source, MemoryReplica(name: "copy"))
            #expect(server.requests.counted["GET /_membership"] == nil)
        }
        try await withCluster { (server, source, copy) async throws in
            _ = try await verify(source, copy)
            #expect(server.requests.counted["GET /_membership"] == 2)
            #expect(server.requests.counted["GET /{db}/_shards"] == 2)
        }
    }
}
