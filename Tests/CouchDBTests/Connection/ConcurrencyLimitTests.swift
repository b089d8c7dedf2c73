import Testing

@testable import CouchDB

@Suite(.timeLimit(.minutes(1))) struct ConcurrencyLimitTests {
    @Test func neverLetsMoreThrough() async throws {
        let limit = ConcurrencyLimit(3)
        let (gauge, done) = (ConcurrencyGauge(), Counter())
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<200 {
                group.addTask {
                    try await limit.run { await gauge.measure() }
                    done.increment()
                }
            }
            try await group.waitForAll()
        }
        #expect((1...3).contains(gauge.most))
        #expect(done.value == 200)
    }

    @Test func givesTheNextATurnAfterAnError() async throws {
        let limit = ConcurrencyLimit(1)
        await #expect(throws: Unexpected.self) { try await limit.run { throw Unexpected(description: "x") } }
        #expect(try await limit.run { 7 } == 7)
    }

    @Test func endsTheWaitWhenCancelled() async throws {
        let limit = ConcurrencyLimit(1)
        let entered = AsyncStream<Void>.makeStream()
        let release = AsyncStream<Void>.makeStream()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                try await limit.run {
                    entered.continuation.finish()
                    for await _ in release.stream {}
                }
            }
            for await _ in entered.stream {}
            await withThrowingTaskGroup(of: Void.self) { waiting in
                waiting.addTask { try await limit.run {} }
                waiting.cancelAll()
                await #expect(throws: CancellationError.self) { try await waiting.next() }
            }
            release.continuation.finish()
            try await group.waitForAll()
        }
        #expect(try await limit.run { 7 } == 7)
    }
}
