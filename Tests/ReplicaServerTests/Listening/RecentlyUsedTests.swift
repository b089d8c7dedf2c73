import Synchronization
import Testing

@testable import ReplicaServer

@Suite(.timeLimit(.minutes(1)))
struct RecentlyUsedTests {
    /// What was made, in the order of its names.
    private final class Made: Sendable {
        private let list = Mutex<[String]>([])
        var names: [String] { list.withLock { $0 } }
        func make(_ name: String) throws -> Thing {
            list.withLock { $0.append(name) }
            guard name != "bad" else { throw Refused() }
            return Thing(name: name)
        }
    }

    private final class Thing: Sendable {
        let name: String
        init(name: String) { self.name = name }
    }

    private struct Refused: Error {}

    @Test func keepsWhatWasAskedForLast() async throws {
        let made = Made()
        let used = RecentlyUsed(limit: 2) { try made.make($0) }
        for name in ["a", "b", "a", "c", "a", "b"] { #expect(try await used[name].name == name) }
        // b was the one that was asked for longest ago when c came.
        #expect(made.names == ["a", "b", "c", "b"])
        #expect(await used.values.map(\.name) == ["a", "b"])
    }

    @Test func letsGoOfWhatItDrops() async throws {
        let used = RecentlyUsed(limit: 1) { Thing(name: $0) }
        weak let dropped = try await used["a"]
        #expect(dropped != nil)
        let inUse = try await used["b"]
        #expect(dropped == nil)
        _ = try await used["c"]
        #expect(inUse.name == "b")
    }

    @Test func makesAnewWhatWasDroppedOnPurpose() async throws {
        let made = Made()
        let used = RecentlyUsed(limit: 2) { try made.make($0) }
        for name in ["a", "b"] { _ = try await used[name] }
        await used.drop("a")
        #expect(await used.values.map(\.name) == ["b"])
        for name in ["a", "b"] { #expect(try await used[name].name == name) }
        #expect(made.names == ["a", "b", "a"])
    }

    @Test func asksAgainForWhatCouldNotBeMade() async throws {
        let made = Made()
        let used = RecentlyUsed(limit: 2) { try made.make($0) }
        for _ in 0..<2 { await #expect(throws: Refused.self) { try await used["bad"] } }
        #expect(made.names == ["bad", "bad"])
        #expect(await used.values.isEmpty)
    }

    /// Two files of one backup would be two locks, and one more to close.
    @Test func whoAsksAtTheSameTimeGetsTheSame() async throws {
        let gate = AsyncStream.makeStream(of: Void.self)
        let waiting = AsyncStream.makeStream(of: Void.self)
        let used = RecentlyUsed(limit: 4) { name in
            waiting.continuation.yield()
            var iterator = gate.stream.makeAsyncIterator()
            _ = await iterator.next()
            return Thing(name: name)
        }
        async let first = used["a"]
        async let second = used["a"]
        var arrived = waiting.stream.makeAsyncIterator()
        for _ in 0..<2 { await arrived.next() }
        gate.continuation.finish()
        let (one, other) = (try await first, try await second)
        #expect(one === other)
        #expect(await used.values.count == 1)
    }
}
