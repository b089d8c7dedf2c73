import CouchDB
import Foundation
import SystemPackage
import Testing

@testable import Replication

/// The checker can fail, and we know that it does.
@Suite struct SelfTestTests {
    private func pair() async throws -> (source: MemoryReplica, target: MemoryReplica) {
        let (source, target) = (MemoryReplica(name: "source"), MemoryReplica(name: "target"))
        for number in 0..<200 { try source.edit(DocumentID("d\(number)"), members: #""n":\#(number)"#) }
        _ = try await target.store(source.leafRevisions, checkpoint: nil)
        return (source, target)
    }

    private func verification(_ source: MemoryReplica, _ target: MemoryReplica) -> Verification {
        var verification = Verification(source, target)
        (verification.looks, verification.selfTests) = ([.zero], true)
        verification.options = .test()
        return verification
    }

    /// What is planted is found and leaves no trace, neither in the numbers nor in a database.
    @Test(arguments: [Verification.Level.revisions, .bodies]) func passes(_ level: Verification.Level) async throws {
        let (source, target) = try await pair()
        let result = try await verification(source, target).run(level: level)
        #expect(result.passedSelfTest == true && result.verdict == .equal && result.counts.equal == 200)
        #expect(source.leaves.count == 200 && target.leaves.count == 200)
        _ = target.purge("d7", try #require(try await target.leaves(of: ["d7"]).first).revisions)
        let other = try await verification(source, target).run(level: level)
        #expect(other.passedSelfTest == true && other.verdict == .different && other.counts.missing == 1)
        #expect(other.differences.map(\.id) == ["d7"])
    }

    @Test func isNotRunUnlessItIsAskedFor() async throws {
        let (source, target) = try await pair()
        #expect(try await Verification(source, target).run().passedSelfTest == nil)
    }

    @Test func comparesEmptyDatabases() async throws {
        let result = try await verification(MemoryReplica(), MemoryReplica()).run(level: .bodies)
        #expect(result.passedSelfTest == true && result.verdict == .equal && result.counts.equal == 0)
    }

    /// A join that overlooks one class of differences is found out.
    @Test(arguments: [PartitionJoin.Side.onlyInSource, .onlyInTarget, .inBoth])
    func findsOutAJoinThatIsBlind(_ side: PartitionJoin.Side) async throws {
        let (source, target) = try await pair()
        let join: @Sendable ([UInt8], [UInt8]) throws -> PartitionJoin.Result = {
            var result = try PartitionJoin.join(source: $0, target: $1)
            result.candidates.removeAll { $0.side == side }
            return result
        }
        var comparator = ReplicaComparator(source, target)
        (comparator.selfTests, comparator.join) = (true, join)
        #expect(try await comparator.run { _ in }.passedSelfTest == false)
        var verification = verification(source, target)
        verification.join = join
        let result = try await verification.run()
        #expect((result.verdict, result.doubt, result.passedSelfTest) == (.unknown, .selfTestFailed, false))
        #expect(result.reason?.contains("self-test") == true)
    }

    /// So is a comparison of bodies that takes everything for equal, or that takes a wrong hash for right.
    @Test func findsOutAComparisonThatIsBlind() throws {
        let wanted = WantedRevision(
            id: "fixed-01", revision: RevisionID(generation: 1, hash: "0785e9eb543380151003dc452c3a001a"))
        let text =
            #"{"_id":"fixed-01","_rev":"1-0785e9eb543380151003dc452c3a001a","x":1,"#
            + #""_revisions":{"start":1,"ids":["0785e9eb543380151003dc452c3a001a"]}}"#
        for (comparison, proof) in [
            (DocumentComparison.equal, RevisionProof.notProvable(.otherHash)), (.bodyDiffers, .proved),
        ] {
            let test = BodySelfTest { _, _, _ in DocumentComparison.Outcome(comparison: comparison, proof: proof) }
            try test.plant(in: Data(text.utf8), of: wanted)
            #expect(try test.verdict() == false)
        }
        let right = BodySelfTest()
        try right.plant(in: Data(text.utf8), of: wanted)
        #expect(try right.verdict())
    }
}
