import CouchDB
import CouchSim
import Foundation
import Synchronization
import Testing

@testable import Replication

/// Servers that break off, refuse and ask to slow down while they are compared.
@Suite(.timeLimit(.minutes(2))) struct InterruptedVerificationTests {
    /// Fills the server's database and a replica in memory with the same 600 documents, but for one.
    private func fill(_ replica: CouchReplica) async throws -> MemoryReplica {
        let memory = MemoryReplica(name: "target")
        for number in 0..<600 { try memory.edit(DocumentID("d\(number)"), members: #""n":\#(number)"#) }
        _ = try await replica.store(memory.leafRevisions, checkpoint: nil)
        _ = memory.purge("d7", try #require(try await memory.leaves(of: ["d7"]).first).revisions)
        return memory
    }

    private static let faults = [
        Fault(.cut(afterBytes: 20_000), pathContains: "_changes", count: 3),
        Fault(.cut(afterBytes: 40), pathContains: "_changes", count: 5),
        Fault(.hangUp, pathContains: "_changes", count: 4),
        Fault(.failure(status: 503, error: "service_unavailable", reason: "busy"), pathContains: "_changes", count: 6),
        Fault(.tooManyRequests(retryAfter: 0), pathContains: "_changes", count: 6),
        Fault(.page("<html>", status: 502), method: "POST", count: 6),
    ]

    @Test(arguments: faults.indices, [Verification.Level.revisions, .bodies])
    func goesOnWhereItBrokeOff(_ fault: Int, _ level: Verification.Level) async throws {
        try await withSimulatedReplica { server, replica in
            let memory = try await fill(replica)
            let waits = Mutex<[ReplicaWait]>([])
            var verification = Verification(replica, memory)
            (verification.looks, verification.options) = ([.zero], .test())
            verification.onProgress = { state in
                if let wait = state.wait { waits.withLock { $0.append(wait) } }
            }
            server.faults.add(Self.faults[fault])
            let result = try await verification.run(level: level)
            #expect(result.verdict == .different)
            #expect(result.differences.map(\.id) == ["d7"])
            #expect(result.counts.equal == 599 && result.counts.missing == 1)
            // No row is counted twice, although some came twice.
            if level == .bodies { #expect(result.bodies?.revisions == 599) }
            let told = waits.withLock { $0 }
            #expect(told.contains(.arrivals(1, pause: .zero)))
            #expect(
                told.contains {
                    guard case .server(.source, let pause, let cause) = $0 else { return false }
                    return pause > .zero && !cause.isEmpty
                }, "nobody was told why it waited")
        }
    }

    /// What doesn't pass is the server's failure, with its reason, after some attempts.
    @Test func givesUpOnAServerThatStaysAway() async throws {
        try await withSimulatedReplica { server, replica in
            let memory = try await fill(replica)
            var verification = Verification(replica, memory)
            (verification.looks, verification.options) = ([.zero], .test())
            server.faults.add(Fault(.cut(afterBytes: 40), pathContains: "_changes"))
            let failure = try await #require(throws: ReplicationFailure.self) { _ = try await verification.run() }
            #expect(failure.side == .source)
        }
    }

    /// What the receiver throws is not the replica's failure, and nothing is read again because of it.
    @Test func aReceiversErrorIsItsOwn() async throws {
        struct Full: Error {}
        let memory = MemoryReplica()
        try memory.edit("a", members: #""n":1"#)
        await #expect(throws: Full.self) {
            _ = try await LeafFeed(side: .source, replica: memory).read(since: .zero) { _, _ in throw Full() }
        }
    }
}
