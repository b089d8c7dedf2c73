import Supervision
import Testing

@testable import Service

/// What comes of long work, told together.
@Suite(.timeLimit(.minutes(1))) struct GatheringTests {
    @Test func whatComesWithinTheIntervalIsToldTogether() async throws {
        var told: [[Int]] = []
        try await Gathering.run(
            tellingEvery: .seconds(3600),
            work: { found in
                for number in 1...3 { found(number) }
            }, tell: { told.append($0) })
        #expect(told == [[1, 2, 3]])
    }

    @Test func whatHasComeIsToldWhileTheWorkGoesOn() async throws {
        let (answers, answer) = AsyncStream<Int>.makeStream()
        var told: [[Int]] = []
        try await Gathering.run(
            tellingEvery: .milliseconds(1),
            work: { found in
                found(1)
                for await _ in answers { break }
                found(2)
            },
            tell: { (found: [Int]) in
                told.append(found)
                answer.yield(1)
            })
        #expect(told == [[1], [2]])
    }

    @Test func whatWasFoundBeforeTheWorkFailedIsTold() async throws {
        let failure = StateError(.locked, path: "state", detail: "busy")
        var told: [[Int]] = []
        await #expect(throws: StateError.self) {
            try await Gathering.run(
                tellingEvery: .seconds(3600),
                work: { found in
                    found(1)
                    throw failure
                }, tell: { told.append($0) })
        }
        #expect(told == [[1]])
    }
}
