import CouchDB
import Foundation
import Supervision
import Testing

@testable import Service

/// What the last pass left is worth less as it grows old.
@Suite struct StoredStatusTests {
    private let morning = Date(timeIntervalSince1970: 1_795_507_200)

    private func withReport(
        _ report: Report?, _ body: (StoredStatus) async throws -> Void
    ) async throws {
        let folder = try TemporaryFolder()
        let state = folder.path + "/state"
        let loaded = try Samples.read(Samples.minimal + "\nstate: \"\(state)\"\n")
        if let report {
            let database = try StateFolder(loaded).open()
            try await database.store(report)
        }
        try await body(StoredStatus(loaded))
    }

    private func report(_ findings: [Finding] = [], light: Light.State = .ok) -> Report {
        Report(
            at: morning, pairs: [.sample("orders", light: light, findings: findings)],
            servers: [.sample("production")], unprotected: ["production/scratch"],
            channels: [ChannelReport(channel: "email", lastSent: morning, error: nil, waiting: 2)])
    }

    @Test func nothingIsKnownBeforeTheFirstCheck() async throws {
        try await withReport(nil) { status in
            let read = try await status.report(now: morning, maximumAge: .seconds(3600))
            #expect(read == nil)
        }
    }

    @Test("A state folder that can't be looked into is an error, and no folder without a report")
    func aFolderThatCannotBeRead() async throws {
        let folder = try TemporaryFolder()
        let state = folder.path + "/state"
        // Whoever runs the tests can't follow it.
        try FileManager.default.createSymbolicLink(atPath: state, withDestinationPath: state)
        let loaded = try Samples.read(Samples.minimal + "\nstate: \"\(state)\"\n")
        let error = await #expect(throws: StateError.self) {
            try await StoredStatus(loaded).report(now: morning, maximumAge: .seconds(3600))
        }
        #expect(error?.code == .unreadable && error?.path == state + "/state.sqlite", "\(String(describing: error))")
        #expect(error?.description.contains("the user who runs couchkeep check") == true)
        #expect(throws: StateError.self) { try StateFolder(loaded).openForReading() }
    }

    @Test(.enabled(if: geteuid() != 0, "root may read everything"))
    func aFolderOfAnotherUser() async throws {
        let folder = try TemporaryFolder()
        let state = folder.path + "/state"
        let loaded = try Samples.read(Samples.minimal + "\nstate: \"\(state)\"\n")
        try await StateFolder(loaded).open().store(report())
        try FileManager.default.setAttributes([.posixPermissions: 0], ofItemAtPath: state)
        let error = await #expect(throws: StateError.self) {
            try await StoredStatus(loaded).report(now: morning, maximumAge: .seconds(3600))
        }
        try FileManager.default.setAttributes([.posixPermissions: 0o700], ofItemAtPath: state)
        #expect(error?.code == .unreadable)
    }

    /// The report's age in seconds, and whether it is trusted with a limit of an hour.
    @Test(arguments: [
        (0.0, true), (3599, true), (3600, true), (3601, false), (86_400, false), (-30, true), (-61, false),
    ])
    func age(seconds: TimeInterval, isTrusted: Bool) async throws {
        try await withReport(report()) { status in
            let now = morning.addingTimeInterval(seconds)
            let read = try #require(try await status.report(now: now, maximumAge: .seconds(3600)))
            #expect(read.isStale == !isTrusted)
            #expect(read.exitCode == (isTrusted ? .ok : .unknown))
            #expect(read.report.verdict == (isTrusted ? .ok : .unknown))
            // Of what was good only that it was so then is left; all else is as it was.
            var expected = report()
            if !isTrusted {
                expected.verdict = .unknown
                expected.pairs[0].lights.replicating = Light(
                    state: .unknown, since: nil, summary: "caught up, at the last check")
                expected.pairs[0].lag = Lag(changes: nil, seconds: nil)
            }
            #expect(read.report == expected)
        }
    }

    @Test("An old problem is shown as it was, and its code says that it is old")
    func anOldProblem() async throws {
        let finding = Finding(
            rule: WritesRefused.name, severity: .critical, since: morning, summary: "s", evidence: ["refused": 5],
            next: "n")
        try await withReport(report([finding], light: .problem)) { status in
            let read = try #require(
                try await status.report(now: morning.addingTimeInterval(86_400), maximumAge: .seconds(60)))
            #expect(read.isStale)
            #expect(read.report.verdict == .problem && read.exitCode == .unknown)
            #expect(read.report.pairs.first?.findings == [finding])
        }
    }
}
