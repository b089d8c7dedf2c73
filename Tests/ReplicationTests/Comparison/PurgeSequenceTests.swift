import Testing

@testable import Replication

/// The same purges, told by different copies of a cluster's shards, and more of them.
@Suite struct PurgeSequenceTests {
    @Test(arguments: [
        ("0-g1AAAABLeJzL", "0-g1AAAABQeJzL", true, false), ("5-abc", "6-abc", false, true),
        ("6-abc", "5-abc", false, false), ("12", "12", true, false), ("12", "13", false, true),
        ("abc", "abd", false, true), ("abc", "abc", true, false), (nil, "0-a", false, true), (nil, nil, true, false),
    ])
    func compares(before: String?, now: String?, isSame: Bool, hasGrown: Bool) {
        #expect(PurgeSequence.isSame(before, now) == isSame)
        #expect(PurgeSequence.hasGrown(from: before, to: now) == hasGrown)
    }
}
