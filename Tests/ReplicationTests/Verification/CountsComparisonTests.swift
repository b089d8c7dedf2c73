import CouchDB
import CouchSim
import Foundation
import Testing

@testable import Replication

/// Level `counts`: what both sides tell in a moment.
@Suite(.timeLimit(.minutes(1))) struct CountsComparisonTests {
    private func description(_ documents: Int, _ deleted: Int) -> ReplicaDescription {
        ReplicaDescription(name: "db", updateSequence: .zero, documentCount: documents, deletedCount: deleted)
    }

    @Test(arguments: [
        ((10, 2), (10, 2), ComparisonCounts(equal: 12)), ((10, 2), (7, 2), ComparisonCounts(equal: 9, missing: 3)),
        ((10, 2), (10, 5), ComparisonCounts(equal: 12, extra: 3)),
        ((10, 2), (9, 3), ComparisonCounts(equal: 11, otherLeaves: 1)),
        ((0, 0), (4, 0), ComparisonCounts(extra: 4)),
    ])
    func numbers(_ source: (Int, Int), _ target: (Int, Int), _ counts: ComparisonCounts) {
        let outcome = CountsComparison.compare(
            description(source.0, source.1), description(target.0, target.1))
        #expect(outcome.counts == counts)
    }

    /// Runs with two databases of one server that are equal.
    private func withEqualPair(
        _ body: @escaping @Sendable (CouchReplica, CouchReplica) async throws -> Void
    ) async throws {
        try await withSimulatedReplica { server, source in
            server.makeDatabases("copy")
            let target = CouchReplica(source.database.server.database("copy"))
            for id in ["a", "b", "_design/one", "_design/two"] {
                _ = try await source.database.putDocument(id, members: ["language": "javascript"])
            }
            _ = try await Replicator(from: source, to: target).run()
            try await body(source, target)
        }
    }

    @Test func equalOnes() async throws {
        try await withEqualPair { source, target in
            let result = try await Verification(source, target).run(level: .counts)
            #expect(result.verdict == .equal && result.counts == ComparisonCounts(equal: 4))
            #expect(result.hasEqualSecurity == true)
        }
    }

    @Test func otherDesignDocuments() async throws {
        try await withEqualPair { source, target in
            var changed = try #require(try await target.database.document("_design/one")?.object)
            changed["views"] = ["all": ["map": "function (doc) {}"]]
            _ = try await target.database.putDocument("_design/one", members: changed)
            _ = try await source.database.putDocument("_design/three", members: [:])
            var handed: [Difference] = []
            let result = try await Verification(source, target).run(level: .counts) { handed.append($0) }
            #expect(result.verdict == .different)
            #expect(result.differences.map(\.id.text) == ["_design/one", "_design/three"])
            #expect(result.differences.map(\.kind) == [.otherLeaves, .missing] && handed == result.differences)
            #expect(result.counts == ComparisonCounts(equal: 3, missing: 1, otherLeaves: 1))
        }
    }

    @Test func otherSecurity() async throws {
        try await withEqualPair { source, target in
            try await source.database.setSecurity(["members": ["names": ["b", "a"]]])
            try await target.database.setSecurity(["members": ["names": ["a", "b"]], "admins": [:]])
            #expect(
                try await Verification(source, target).run(level: .counts).verdict == .equal, "only written otherwise")
            try await target.database.setSecurity(["members": ["names": ["a"]]])
            var verification = Verification(source, target)
            let result = try await verification.run(level: .counts)
            #expect(result.verdict == .different && result.hasEqualSecurity == false && result.counts.isEqual)
            verification.comparesSecurity = false
            #expect(try await verification.run(level: .counts).verdict == .equal)
        }
    }

    @Test(arguments: [Verification.Level.counts, .revisions])
    func otherPartitioning(_ level: Verification.Level) async throws {
        try await withSimulatedReplica { server, plain in
            server.makeDatabases("copy")
            let copy = CouchReplica(plain.database.server.database("copy"))
            let parts = CouchReplica(plain.database.server.database("parts"))
            try await parts.database.create(isPartitioned: true)
            _ = try await parts.database.putDocument("p:a", members: [:])
            for target in [plain, copy] { _ = try await Replicator(from: parts, to: target).run() }
            let different = try await Verification(parts, plain).run(level: level)
            #expect(different.verdict == .equal && different.hasEqualPartitioning == false, "the documents are equal")
            #expect(try await Verification(copy, plain).run(level: level).hasEqualPartitioning == true)
            let other = try await ReplicaDescriptions.ask(parts, MemoryReplica())
            #expect(other.haveEqualPartitioning == nil, "a replica that is no database of a server does not tell")
        }
    }
}
