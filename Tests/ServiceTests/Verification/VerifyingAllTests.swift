import CouchSim
import Foundation
import Replication
import Supervision
import Testing

@testable import Service

/// Verifications of all pairs: one that is busy ends nothing, and a limited time reaches all of them in turn.
@Suite(.timeLimit(.minutes(2))) struct VerifyingAllTests {
    private func withScene(_ body: @Sendable (VerificationScene) async throws -> Void) async throws {
        try await withVerificationScene { scene in
            for server in [scene.production, scene.standby] {
                server.makeDatabases("invoices")
                try server.fill("invoices", count: 20)
            }
            try await body(scene)
        }
    }

    @Test func onePairThatIsLockedDoesNotKeepTheOthersFromTheirs() async throws {
        try await withScene { scene in
            let first = try await scene.verify(nil).map(\.record)
            #expect(first.map(\.pair) == ["invoices", "orders"])
            let busy = try #require(first.first)
            let lock = try VerificationFolder(StateFolder(scene.loaded)).lock(busy.key, name: busy.pair)

            let outcomes = try await scene.verify(nil)
            #expect(outcomes.map(\.record.pair) == ["invoices", "orders"])
            #expect(outcomes.map(\.exitCode) == [.locked, .ok] && outcomes[0].exitCode.rawValue == 11)
            #expect(outcomes[1].record.verdict == .equal)
            let told = outcomes[0].record
            #expect(told.verdict == nil && told.state == .stopped)
            #expect(told.reason?.contains("the pair invoices is being verified") == true, "\(told)")
            #expect(ExitCode(verifications: outcomes.map(\.exitCode)) == .locked)
            // It was not begun, so nothing of it is kept, and the one of the other process goes on.
            #expect(try await scene.desk().list("invoices").map(\.id) == [busy.id])

            // Whoever asks for that one alone gets the error.
            let error = try #require(
                await #expect(throws: StateError.self) { _ = try await scene.verify("invoices") })
            #expect(error.code == .locked && ExitCode(error) == .locked)
            #expect(try await scene.verify("orders").map(\.exitCode) == [.ok])

            lock.release()
            #expect(try await scene.verify(nil).map(\.exitCode) == [.ok, .ok])
        }
    }

    @Test func whereTheTimeIsLimitedTheLongestUnverifiedComesFirst() async throws {
        try await withScene { scene in
            func order(_ maximum: Duration? = .seconds(60)) async throws -> [String] {
                try await scene.verify(nil, maximum: maximum).map(\.record.pair)
            }
            // One that never was comes before one that was.
            _ = try await scene.verify("invoices")
            #expect(try await order() == ["orders", "invoices"])
            #expect(try await order() == ["orders", "invoices"])
            // Of two that were, the one whose last end is longer ago, whichever began first.
            _ = try await scene.verify("orders")
            #expect(try await order() == ["invoices", "orders"])
            // Without a limit they come by their names.
            _ = try await scene.verify("invoices")
            #expect(try await order(nil) == ["invoices", "orders"])
        }
    }

    @Test("Pairs whose turn did not come are told and not begun, and the next limited time begins with them")
    func oneThatNeverFitsDoesNotKeepTheOthersFromTheirs() async throws {
        try await withScene { scene in
            // A difference is looked at again after an hour: no time is enough for this pair.
            _ = try scene.production.put("lost", in: "invoices")
            let cut = try await scene.verify(nil, looks: [.seconds(3600)], maximum: .milliseconds(300))
            #expect(cut.map(\.record.pair) == ["invoices", "orders"])
            #expect(
                cut.map(\.record.state) == [.stopped, .stopped] && cut.map(\.exitCode) == [.incomplete, .incomplete])
            #expect(cut.last?.record.reason?.contains("before its turn") == true, "\(cut)")
            #expect(try await scene.desk().list().map(\.pair) == ["invoices"])

            let next = try await scene.verify(nil, looks: [.seconds(3600)], maximum: .seconds(3))
            #expect(next.map(\.record.pair) == ["orders", "invoices"])
            #expect(next.map(\.record.state) == [.ended, .stopped])
            // Orders was verified a moment before invoices was begun again.
            #expect(
                try await scene.verify(nil, looks: [.zero], maximum: .seconds(60)).map(\.record.pair)
                    == ["orders", "invoices"])
        }
    }
}
