import Testing

@testable import Service

/// When a way through all databases of a server is given up.
@Suite struct FailuresInARowTests {
    @Test func theFirstOnesAreTriedTwiceAndTheLastOnlyWhereTheyAnswer() {
        var failures = FailuresInARow()
        var tries: [Int] = []
        while !failures.needsALook {
            tries.append(failures.isWorthASecondTry ? 2 : 1)
            failures.failed()
        }
        #expect(tries == [2, 2] + Array(repeating: 1, count: FailuresInARow.most - 2))
    }

    @Test func oneThatSucceedsEndsTheRow() {
        var failures = FailuresInARow()
        for _ in 1..<FailuresInARow.most { failures.failed() }
        failures.succeeded()
        #expect(failures.isWorthASecondTry && !failures.needsALook)
        failures.failed()
        #expect(!failures.needsALook)
    }
}
