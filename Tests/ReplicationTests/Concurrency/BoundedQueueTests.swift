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

    @Test("Less than a full share is taken when that is enough, or when nothing more will come")
    func waitsForEnough() async throws {
        let queue = BoundedQueue<Int>(capacity: 100)
        try await queue.send([1, 2]) { _ in 10 }
        #expect(try await queue.receive(count: 5) { true } == [1, 2])
        try await queue.send([3]) { _ in 10 }
        async let full = queue.receive(count: 3) { false }
        try await queue.send([4]) { _ in 10 }
        try await queue.send([5, 6]) { _ in 10 }
        #expect(try await full == [3, 4, 5])
        async let last = queue.receive(count: 3) { false }
        queue.finish()
        #expect(try await last == [6])
        #expect(try await queue.receive(count: 3) { false }.isEmpty)
    }

    @Test("Waiting for a full share ends where the senders wait for room")
    func neverWaitsForWhatHasNoRoom() async throws {
        let queue = BoundedQueue<Int>(capacity: 20)
        try await queue.send([1, 2]) { _ in 10 }
        #expect(try await queue.receive(weight: 1000, count: 50) { false } == [1, 2])
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

    @Test(
        "Takers share what is queued where it is little, and take whole batches where it is much",
        arguments: [
            (queued: 4000, count: 1000, takers: 4, taken: 1000), (1000, 1000, 4, 250), (1999, 1000, 4, 500),
            (600, 1000, 4, 250), (150, 1000, 4, 150), (30, 1000, 4, 30), (30, 10, 4, 10), (5, 1, 1, 1),
        ])
    func share(queued: Int, count: Int, takers: Int, taken: Int) async throws {
        let queue = BoundedQueue<Int>(capacity: 10_000)
        try await queue.send(Array(0..<queued)) { _ in 1 }
        #expect(try await queue.receiveShare(count: count, takers: takers) == Array(0..<taken))
        queue.finish()
        var rest = taken
        while case let more = try await queue.receiveShare(count: count, takers: takers), !more.isEmpty {
            #expect(more.first == rest)
            rest += more.count
        }
        #expect(rest == queued)
    }
}
