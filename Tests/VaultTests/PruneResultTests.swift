import Testing

@testable import Vault

/// What a pruning says at its end.
@Suite struct PruneResultTests {
    @Test(
        "Nobody is told that no moments were dropped",
        arguments: [
            (0, 0, "No moment to drop."), (0, 33_000, "No moment to drop; 33 kB given back."),
            (1, 33_000, "Dropped 1 moment, 33 kB given back."), (2, 0, "Dropped 2 moments, 33 kB given back."),
        ] as [(Int, Int, String)])
    func words(moments: Int, freedBytes: Int, expected: String) {
        var result = PruneResult()
        (result.moments, result.freedBytes) = (moments, freedBytes)
        #expect(result.words(givenBack: "33 kB") == expected)
    }
}
