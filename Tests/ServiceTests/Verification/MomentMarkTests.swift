import Foundation
import Replication
import Synchronization
import Testing
import Vault

@testable import Service

/// The mark of an equal moment waits for who writes, and tells where it can't be left.
@Suite(.timeLimit(.minutes(1))) struct MomentMarkTests {
    private static let now = Date(timeIntervalSince1970: 1_790_000_000)

    /// A backup of two moments that another couchkeep writes to, and its first moment as a comparison leaves it: closed.
    private func withScene(_ body: (Vault, _ writer: VaultDatabase, _ equal: VaultDatabase) async throws -> Void)
        async throws
    {
        let folder = try TemporaryFolder()
        let vault = try await Vault(at: "\(folder.path)/vault", create: true, now: Self.now)
        let writer = try await vault.database("orders", isWriting: true, create: true, now: Self.now)
        for _ in 1...2 { try await writer.seal(at: Self.now, sequence: nil, isComplete: true) }
        let equal = try await vault.withDatabase("orders", isWriting: false, now: Self.now) { backup in
            let equal = backup.at(try await backup.moment(1))
            try await equal.hold()
            return equal
        }
        try await body(vault, writer, equal)
    }

    private func marks(_ vault: Vault) async throws -> [Date?] {
        try await vault.withDatabase("orders", isWriting: false, now: Self.now) {
            try await $0.moments().map(\.verified)
        }
    }

    @Test func aWriterThatEndsIsWaitedFor() async throws {
        try await withScene { vault, writer, equal in
            let pauses = Mutex(0)
            let clock = RunClock(now: { .now }) { _ in
                let count = pauses.withLock { count in
                    count += 1
                    return count
                }
                // Nobody may drop it meanwhile.
                let plan = try await writer.prunePlan(KeepPolicy(last: 1), now: Self.now)
                #expect(plan.decisions.map(\.reasons).first == [.beingRead])
                if count == 3 { try await writer.close() }
            }
            let words = try await MomentMark(clock: clock).leave(on: equal, content: true, at: Self.now) { vault }
            #expect(words == nil)
            #expect(pauses.withLock { $0 } == 3)
            #expect(try await marks(vault) == [Self.now, nil])
        }
    }

    @Test func oneThatGoesOnIsTold() async throws {
        try await withScene { vault, writer, equal in
            let waited = Mutex(Duration.zero)
            let clock = RunClock(now: { .now }) { pause in waited.withLock { $0 += pause } }
            let words = try #require(
                try await MomentMark(clock: clock).leave(on: equal, content: true, at: Self.now) { vault })
            #expect(words.hasPrefix("moment #1 could not be marked as verified, and a prune may drop it: "), "\(words)")
            #expect(words.contains("another couchkeep writes to it") && words.contains("[vault-locked]"), "\(words)")
            #expect(waited.withLock { $0 } == .seconds(5))
            #expect(try await marks(vault) == [nil, nil])
            try await writer.close()
        }
    }

    @Test func whatIsNoMomentIsNotMarked() async throws {
        try await withScene { vault, writer, _ in
            let words = try await MomentMark().leave(on: writer, content: true, at: Self.now) { vault }
            #expect(words == nil)
            #expect(try await marks(vault) == [nil, nil])
        }
    }
}
