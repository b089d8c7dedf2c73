import CouchDB
import Synchronization
import Testing

@testable import Replication

/// What runs beside what.
@Suite(.timeLimit(.minutes(1)))
struct TurnsTests {
    /// What is running, and what was ever running at the same time.
    private final class Stage: Sendable {
        private let state = Mutex<(now: Set<String>, together: Set<Set<String>>)>(([], []))
        var now: Set<String> { state.withLock { $0.now } }
        var together: Set<Set<String>> { state.withLock { $0.together } }
        func enter(_ name: String) {
            state.withLock { state in
                state.now.insert(name)
                state.together.insert(state.now)
            }
        }
        func leave(_ name: String) { state.withLock { _ = $0.now.remove(name) } }
    }

    @Test func longWorkRunsAlone() async throws {
        let (turns, stage) = (Turns(2), Stage())
        try await withThrowingTaskGroup { group in
            for number in 0..<40 {
                group.addTask {
                    let isLong = number.isMultiple(of: 5)
                    let name = "\(isLong ? "long" : "short") \(number)"
                    try await turns.run(isLong: isLong) {
                        stage.enter(name)
                        for _ in 0..<5 { await Task.yield() }
                        stage.leave(name)
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(stage.together.allSatisfy { $0.count <= 2 }, "\(stage.together)")
        #expect(stage.together.allSatisfy { $0.count == 1 || !$0.contains { $0.hasPrefix("long") } })
        #expect(stage.now.isEmpty)
    }

    @Test func shortWorkRunsBesideOther() async throws {
        let turns = Turns(2)
        let (arrivals, arrived) = AsyncStream.makeStream(of: Void.self)
        let (gate, open) = AsyncStream.makeStream(of: Void.self)
        try await withThrowingTaskGroup { group in
            for _ in 0..<2 {
                group.addTask {
                    try await turns.run(isLong: false) {
                        arrived.yield()
                        for await _ in gate {}
                    }
                }
            }
            // Both are inside, else this would wait for ever.
            var iterator = arrivals.makeAsyncIterator()
            for _ in 0..<2 { await iterator.next() }
            open.finish()
            try await group.waitForAll()
        }
    }

    @Test func aFailureGivesTheTurnBack() async throws {
        struct Failure: Error {}
        let turns = Turns(1)
        for _ in 0..<3 {
            await #expect(throws: Failure.self) { try await turns.run(isLong: true) { throw Failure() } }
        }
    }

    @Test func someAreMadeAtATimeInTheirOrder() async throws {
        let stage = Stage()
        var received: [Int] = []
        try await (0..<20).concurrentForEach(atMost: 3) { number in
            stage.enter("\(number)")
            for _ in 0..<5 { await Task.yield() }
            stage.leave("\(number)")
            return number
        } receive: { number in
            received.append(number)
            return number < 10
        }
        #expect(stage.together.allSatisfy { $0.count <= 3 })
        // Behind the first that says no, only those end that had begun.
        #expect(Set(received).isSuperset(of: 0...10) && received.count <= 14, "\(received)")
    }

    @Test func theFirstFailureEndsSeveral() async {
        struct Failure: Error {}
        await #expect(throws: Failure.self) {
            try await (0..<20).concurrentForEach(atMost: 3) { number in
                if number == 4 { throw Failure() }
            } receive: { _ in
                true
            }
        }
    }
}
