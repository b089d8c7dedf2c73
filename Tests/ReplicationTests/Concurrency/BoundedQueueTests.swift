import Testing

@testable import Replication

@Suite(.timeLimit(.minutes(1))) struct BoundedQueueTests {
    @Test func handsOverEverythingInOrder() async throws {
        let queue = BoundedQueue<Int>(capacity: 5)
        let received = try await withThrowingTaskGroup(of: [Int].self) { group in
            group.addTask {
                for number in 0..<1000 { try await queue.send([number]) { _ in 1 } }
                queue.finish()
                return []
            }
            group.addTask {
                var all: [Int] = []
                while true {
                    let some = try await queue.receive(count: 7)
                    if some.isEmpty { return all }
                    all += some
                }
            }
            return try await group.reduce([], +)
        }
        #expect(received == Array(0..<1000))
        #expect(queue.peakWeight <= 5)
    }

    @Test func isNeverFullerThanItsCapacityAndOneElement() async throws {
        let queue = BoundedQueue<Int>(capacity: 100)
        try await withThrowingTaskGroup { group in
            group.addTask {
                for _ in 0..<200 { try await queue.send([60]) { $0 } }
                queue.finish()
            }
            while try await !queue.receive(weight: 60, count: 10).isEmpty {}
            try await group.waitForAll()
        }
        #expect(queue.peakWeight <= 160)
    }

    @Test func givesAnOversizedElementAlone() async throws {
        let queue = BoundedQueue<Int>(capacity: 10)
        try await queue.send([500, 1]) { $0 }
        #expect(try await queue.receive(weight: 3, count: 10) == [500])
        #expect(try await queue.receive(weight: 3, count: 10) == [1])
    }

    @Test func endsWaitingByCancellation() async {
        let queue = BoundedQueue<Int>(capacity: 1)
        await withTaskGroup { group in
            for _ in 0..<20 {
                group.addTask {
                    await #expect(throws: CancellationError.self) { try await queue.receive(count: 1) }
                }
            }
            group.cancelAll()
        }
    }
}
