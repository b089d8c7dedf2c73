import CouchDB
import Foundation
import Testing

@testable import Replication

/// Verifications that look only at what has changed since both sides were equal.
@Suite struct IncrementalVerificationTests {
    private static func verify(
        _ source: any ComparableReplica, _ target: any ComparableReplica, on basis: VerificationBasis? = nil,
        selfTests: Bool = false
    ) async throws -> Verification.Result {
        var verification = Verification(source, target)
        (verification.looks, verification.furtherLooks) = ([], 0)
        (verification.basis, verification.selfTests) = (basis, selfTests)
        return try await verification.run()
    }

    private static func pair(seed: UInt64) async throws -> (MemoryReplica, MemoryReplica, RandomHistory) {
        let (source, target) = (MemoryReplica(name: "source"), MemoryReplica(name: "target"))
        var history = RandomHistory(seed: seed)
        try history.run(150, on: source, purges: false)
        _ = try await Replicator(from: source, to: target).run()
        return (source, target, history)
    }

    @Test("It says what a verification of everything says, whatever happened to either side", arguments: 0..<40)
    func agreesWithAWholeOne(seed: Int) async throws {
        var (source, target, history) = try await Self.pair(seed: UInt64(seed))
        var basis = try #require(try await Self.verify(source, target).basis)
        for round in 0..<12 {
            switch (seed + round) % 6 {
            case 0: try history.run(5, on: source, purges: false)
            case 1:
                try history.run(5, on: source, purges: false)
                _ = try await Replicator(from: source, to: target).run()
            case 2: try history.run(2, on: target, purges: false)
            case 3: try history.run(4, on: source)
            case 4: try history.run(4, on: target)
            default: break
            }
            let whole = try await Self.verify(source, target)
            let part = try await Self.verify(source, target, on: basis)
            #expect(part.verdict == whole.verdict, "seed \(seed), round \(round)")
            #expect(Set(part.differences.map(\.id)) == Set(whole.differences.map(\.id)), "seed \(seed), round \(round)")
            #expect((part.basis == nil) == (part.verdict != .equal))
            guard whole.verdict == .different else {
                #expect(part.since == basis.at || part.since == nil)
                basis = try #require(part.basis)
                continue
            }
            // Both sides are made equal again, as a repair and a removal of what is too much would.
            try await Self.level(source, target)
            basis = try #require(try await Self.verify(source, target).basis)
        }
    }

    /// Removes what only one side has.
    private static func level(_ source: MemoryReplica, _ target: MemoryReplica) async throws {
        _ = try await Replicator(from: source, to: target).run()
        _ = try await Replicator(from: target, to: source).run()
    }

    @Test func whereNothingHasChangedNothingIsRead() async throws {
        let (source, target, _) = try await Self.pair(seed: 1)
        let whole = try await Self.verify(source, target)
        let basis = try #require(whole.basis)
        // Their feeds can't be read any more.
        let (left, right) = (StoppingReplica(base: source) { throw CancellationError() }, StoppingReplica(base: target))
        let part = try await Self.verify(left, right, on: basis)
        #expect((part.verdict, part.counts.equal, part.sequence) == (.equal, 0, whole.sequence))
        #expect(part.since == whole.at)
        #expect(part.basis == basis)
        // What both told then is missing in what earlier versions kept: the feeds are read.
        let older = try JSONValue(parsing: JSONEncoder().encode(basis)).without("told")
        let kept = try JSONDecoder().decode(VerificationBasis.self, from: older.serialized())
        await #expect(throws: (any Error).self) { try await Self.verify(left, right, on: kept) }
        #expect(try await Self.verify(source, target, on: kept).since == whole.at)
        try source.edit("new", members: #""n":1"#)
        #expect(try await Self.verify(source, target, on: basis).differences.map(\.id) == ["new"])
    }

    @Test func aPurgeEndsTheBasis() async throws {
        let (source, target, _) = try await Self.pair(seed: 2)
        let basis = try await Self.verify(source, target).basis
        let lost = try #require(target.leaves.first)
        target.purge(lost.id, lost.revisions)
        let result = try await Self.verify(source, target, on: basis)
        #expect(result.since == nil)
        #expect(result.differences.map(\.id) == [lost.id])
    }

    @Test func anotherDatabaseOfThatNameEndsTheBasis() async throws {
        let (source, target, _) = try await Self.pair(seed: 3)
        let basis = try await Self.verify(source, target).basis
        let new = MemoryReplica(name: "target")
        let result = try await Self.verify(source, new, on: basis)
        #expect(result.since == nil)
        #expect(result.counts.missing == source.leaves.count)
    }

    @Test("A database whose position went back is looked at as a whole")
    func rolledBack() async throws {
        let identity = UUID().uuidString
        let (source, target) = (MemoryReplica(name: "source"), MemoryReplica(name: "target", identity: identity))
        let older = MemoryReplica(name: "target", identity: identity)
        try source.edit("a", members: #""n":1"#)
        _ = try await Replicator(from: source, to: older).run()
        try source.edit("b", members: #""n":1"#)
        _ = try await Replicator(from: source, to: target).run()
        let basis = try #require(try await Self.verify(source, target).basis)
        let result = try await Self.verify(source, older, on: basis)
        #expect(result.since == nil)
        #expect(result.differences.map(\.id) == ["b"])
    }

    @Test func withoutAnIdentityThereIsNoBasis() async throws {
        let (source, target) = (MemoryReplica(identity: nil), MemoryReplica())
        #expect(try await Self.verify(source, target).basis == nil)
    }

    @Test func theSelfTestIsPassedToo() async throws {
        let (source, target, _) = try await Self.pair(seed: 4)
        let basis = try await Self.verify(source, target).basis
        let result = try await Self.verify(source, target, on: basis, selfTests: true)
        #expect((result.verdict, result.passedSelfTest) == (.equal, true))
        #expect(result.since != nil)
    }
}

extension JSONValue {
    fileprivate func without(_ name: String) -> JSONValue {
        guard case .object(var members) = self else { return self }
        members[name] = nil
        return .object(members)
    }
}
