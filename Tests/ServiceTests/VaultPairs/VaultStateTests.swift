import CouchDB
import Foundation
import Supervision
import Testing

@testable import Replication
@testable import Service
@testable import Vault

/// What follows from a look at a backup in the vault, without any I/O.
@Suite("The state of a pair whose target is the vault")
struct VaultStateTests {
    private static let morning = Date(timeIntervalSince1970: 1_795_507_200)
    private static let down = CouchError(.unreachable, "nothing answers")

    private func moment(age: TimeInterval, isComplete: Bool = true, setAside: Int = 0) -> Moment {
        Moment(
            number: 7, time: Self.morning.addingTimeInterval(-age), epoch: 1, sequence: nil, isComplete: isComplete,
            setAside: setAside, documents: 10, deleted: 0, leaves: 10, verified: nil, digest: DigestSum(), rowHash: 0)
    }

    /// Runs the body with a state whose pair warns after a quarter of an hour and is critical after an hour.
    private func withState(_ body: (VaultState) throws -> Void) async throws {
        let connection = try ServerConnection(url: try ServerURL.parse("http://couch:5984").url, authentication: .none)
        let pair = VaultPair(
            name: "orders", source: DatabaseAddress(server: "production", database: "orders"),
            database: CouchDatabase(server: connection, name: "orders"), mode: .manage, thresholds: Thresholds())
        do {
            try body(VaultState(pair: pair, at: Self.morning))
            try await connection.shutdown()
        } catch {
            try await connection.shutdown()
            throw error
        }
    }

    private func report(_ state: VaultState, before: PairReport? = nil) -> PairReport {
        state.report(before: before)
    }

    @Test(
        arguments: [
            (0, 100_000.0, nil), (5, 899, nil), (5, 900, Finding.Severity.warning), (5, 3599, .warning),
            (5, 3600, .critical),
        ] as [(Int, TimeInterval, Finding.Severity?)])
    func behindByAge(pending: Int, age: TimeInterval, severity: Finding.Severity?) async throws {
        try await withState { state in
            var state = state
            (state.newest, state.pending) = (moment(age: age), pending)
            let report = report(state)
            #expect(report.findings.map(\.severity) == [severity].compactMap(\.self))
            #expect(report.findings.allSatisfy { $0.rule == BackupBehind.name && $0.next == "couchkeep backup" })
            #expect(report.lights.replicating.state == (severity == nil ? .ok : .problem))
            #expect(report.lag == Lag(changes: pending, seconds: pending == 0 ? 0 : Int(age)))
        }
    }

    @Test("A dry run says which backup it leaves out, and none where there is nothing to copy or it can't be")
    func plannedBackups() async throws {
        try await withState { state in
            var state = state
            #expect(state.planned(isLossKnown: false) == nil, "the vault can't be looked at")
            state.backup = .absent
            #expect(state.planned(isLossKnown: false)?.detail == "make the first backup in the vault")
            #expect(state.planned(isLossKnown: true)?.detail == "make another backup in the vault")
            (state.newest, state.pending) = (moment(age: 60, isComplete: false), 0)
            #expect(
                state.planned(isLossKnown: false)?.detail == "try again what the newest moment in the vault lacks")
            (state.newest, state.pending) = (moment(age: 60), 5)
            #expect(state.planned(isLossKnown: false)?.detail == "copy 5 changes into the vault")
            let planned = state.planned(isLossKnown: false)
            #expect(planned?.result == .planned && planned?.action == "back-up")
            state.pending = nil
            #expect(state.planned(isLossKnown: false)?.detail == "copy what has changed into the vault")
            state.pending = 0
            #expect(state.planned(isLossKnown: false) == nil)
            state.pending = 1
            var other = state
            other.awaited = .other("another process writes")
            #expect(other.planned(isLossKnown: false) == nil)
            other = state
            other.unseen = VaultPairFailure(Self.down, from: "production")
            #expect(other.planned(isLossKnown: false) == nil)
            other = state
            other.note(VaultPairFailure(Self.down, from: "production"))
            #expect(other.planned(isLossKnown: false) == nil)
        }
    }

    @Test(
        "What is behind a moment that was made while the clock was ahead is late from when that one was first seen",
        arguments: [
            (nil, nil), (899, nil), (900, .warning), (3600, .critical),
        ] as [(TimeInterval?, Finding.Severity?)])
    func behindAMomentOfTheFuture(seen: TimeInterval?, severity: Finding.Severity?) async throws {
        try await withState { state in
            var state = state
            (state.newest, state.pending) = (moment(age: -400 * 86_400), 1)
            state.newestSince = seen.map { Self.morning.addingTimeInterval(-$0) }
            let late = report(state)
            #expect(late.findings.map(\.severity) == [severity].compactMap(\.self))
            #expect(late.findings.allSatisfy { $0.summary.hasSuffix("ago or earlier, when the clock was ahead") })
            #expect(late.lights.replicating.state == (severity == nil ? .unknown : .problem))
            if severity == nil {
                #expect(
                    late.lights.replicating.summary == "1 change since moment #7, made when the clock was ahead")
            }
            #expect(late.lag == Lag(changes: 1, seconds: seen.map { Int($0) }))
            state.pending = 0
            #expect(report(state).lights.replicating.state == .ok)
        }
    }

    @Test func whatTheFutureConfirmedCountsForNothing() async throws {
        try await withState { state in
            var state = state
            (state.newest, state.pending) = (moment(age: 60), 1)
            state.confirmation = Confirmation(
                moment: 7, time: Self.morning.addingTimeInterval(400 * 86_400), sequence: nil)
            #expect(report(state).lights.replicating.summary == "1 change since moment #7, 60 s old")
            #expect(report(state).lag == Lag(changes: 1, seconds: 60))
            // The other way round the confirmation is what is known.
            state.newest = moment(age: -9000)
            state.confirmation?.time = Self.morning.addingTimeInterval(-60)
            #expect(
                report(state).lights.replicating.summary
                    == "1 change since moment #7, made when the clock was ahead, confirmed 60 s ago")
            #expect(report(state).lights.replicating.state == .ok)
        }
    }

    @Test(arguments: [(99, nil), (100, Finding.Severity.warning), (1000, .critical)] as [(Int, Finding.Severity?)])
    func behindByChanges(pending: Int, severity: Finding.Severity?) async throws {
        try await withState { state in
            var state = state
            (state.pair.thresholds.lagChangesWarning, state.pair.thresholds.lagChangesCritical) = (100, 1000)
            (state.newest, state.pending) = (moment(age: 60), pending)
            #expect(report(state).findings.map(\.severity) == [severity].compactMap(\.self))
        }
    }

    @Test(
        "A pair that has never had a backup is told",
        arguments: [(899, nil), (900, .warning), (3600, .critical)] as [(TimeInterval, Finding.Severity?)])
    func neverBackedUp(age: TimeInterval, severity: Finding.Severity?) async throws {
        try await withState { state in
            var state = state
            (state.backup, state.pairSince) = (.absent, Self.morning.addingTimeInterval(-age))
            let told = report(state)
            #expect(told.findings.map(\.severity) == [severity].compactMap(\.self))
            #expect(told.findings.allSatisfy { $0.rule == BackupBehind.name && $0.summary.contains("no backup") })
            #expect(told.lights.replicating.state == (severity == nil ? .unknown : .problem))
            // A backup that is made next may end it.
            state.awaited = .own
            #expect(report(state).findings.isEmpty)
            state.awaited = nil
            state.backup = .unknown
            #expect(report(state).findings.isEmpty, "nobody knows whether there is one")
            (state.backup, state.pairSince) = (.absent, nil)
            #expect(report(state).findings.isEmpty)
        }
    }

    @Test func stepsQuoteTheName() async throws {
        try await withState { state in
            var pair = state.pair
            pair.name = "p$(id)"
            let finding = Finding(
                rule: MassDeletion.name, severity: .critical, since: Self.morning, summary: "", next: "")
            let next = VaultSource.worded(finding, for: pair).next
            #expect(next.contains("vault list 'p$(id)', couchkeep restore 'p$(id)' --at"), "\(next)")
        }
    }

    @Test func whatIsNotKnownIsNotGood() async throws {
        try await withState { state in
            var state = state
            #expect(report(state).lights.replicating.state == .unknown)
            #expect(report(state).lights.replicating.summary == "there is no backup yet")
            // A source that does not count.
            state.newest = moment(age: 60)
            #expect(report(state).lights.replicating.state == .unknown)
            #expect(report(state).lag == Lag(changes: nil, seconds: nil))
            // A source that can't be asked: what was told of the pair stays as it is.
            state.unseen = VaultPairFailure(
                ReplicationFailure(side: .source, underlying: Self.down, counts: ReplicationCounts()),
                from: "production")
            let blind = report(state)
            #expect(blind.findings.map(\.rule) == [Blind.name])
            #expect(blind.findings.map(\.cause) == ["\(ServerUnreachable.name) @ production"])
            #expect(blind.lights.replicating.state == .unknown)
            #expect(blind.lights.verified.state == .off && blind.lights.restorable.state == .off)
        }
    }

    @Test func aBackupThatFailed() async throws {
        try await withState { state in
            var state = state
            state.newest = moment(age: 60)
            state.failure = VaultPairFailure(VaultError(.full, "no space", at: "/vault"), from: "production")
            state.pending = 0
            let full = report(state)
            #expect(full.findings.map(\.rule) == [BackupFailed.name])
            #expect(full.findings[0].cause == nil && full.findings[0].summary.contains("[vault-full]"))
            #expect(
                full.lights.replicating
                    == Light(
                        state: .problem, since: Self.morning, summary: full.findings[0].summary))

            state.failure = VaultPairFailure(
                ReplicationFailure(side: .source, underlying: Self.down, counts: ReplicationCounts()),
                from: "production")
            state.pending = nil
            let down = report(state)
            #expect(down.findings.map(\.rule) == [BackupFailed.name, Blind.name])
            #expect(down.findings.allSatisfy { $0.cause == "\(ServerUnreachable.name) @ production" })
            #expect(down.lights.replicating.state == .problem)
        }
    }

    @Test func aMomentThatLacksSomething() async throws {
        try await withState { state in
            var state = state
            (state.newest, state.pending) = (moment(age: 60, isComplete: false, setAside: 2), 0)
            #expect(report(state).findings.map(\.rule) == [BackupIncomplete.name])
            #expect(report(state).findings[0].summary.hasPrefix("2 revisions"))
            // A run that was cut off behind a source that was replaced.
            state.newest = moment(age: 60, isComplete: false)
            #expect(report(state).findings[0].summary.contains("not read to its end"))
            #expect(report(state).lights.replicating.state == .problem)
        }
    }

    @Test func whatLastsKeepsItsBeginning() async throws {
        try await withState { state in
            var state = state
            (state.newest, state.pending) = (moment(age: 1000), 5)
            let earlier = Self.morning.addingTimeInterval(-300)
            state.at = earlier
            let first = state.report(before: nil)
            #expect(first.findings.isEmpty && first.lights.replicating.since == earlier)
            state.at = Self.morning
            let second = report(state, before: first)
            #expect(second.findings.map(\.since) == [Self.morning])
            #expect(second.lights.replicating.since == Self.morning)
            state.at = Self.morning.addingTimeInterval(60)
            let third = state.report(before: second)
            #expect(third.findings.map(\.since) == [Self.morning])
            #expect(third.lights.replicating.since == Self.morning)
        }
    }

    @Test func whatABackupMayEndWaitsForIt() async throws {
        try await withState { state in
            var state = state
            (state.newest, state.pending, state.awaited) = (moment(age: 3600), 5, .own)
            let waiting = report(state)
            #expect(waiting.findings == [])
            #expect(waiting.lights.replicating.state == .unknown)
            #expect(
                waiting.lights.replicating.summary
                    == "5 changes of the source are not in the vault, which was last brought up to it 60 min ago; "
                    + "this check backs it up now")
            // What was told stays told, and does not grow worse.
            var earlier = state
            (earlier.newest, earlier.awaited) = (moment(age: 1000), nil)
            let told = report(state, before: report(earlier))
            #expect(told.findings.map(\.severity) == [.warning] && told.lights.replicating.state == .problem)
            // A failure ends with a backup only, whatever the look finds.
            earlier.failure = VaultPairFailure(VaultError(.full, "no space", at: "/vault"), from: "production")
            state.pending = 0
            #expect(report(state, before: report(earlier)).findings.map(\.rule) == [BackupFailed.name])
            // What a server explains is told with it.
            state.unseen = VaultPairFailure(
                ReplicationFailure(side: .source, underlying: Self.down, counts: ReplicationCounts()),
                from: "production")
            #expect(report(state).findings.map(\.rule) == [Blind.name])
        }
    }

    @Test func anotherProcessIsNoFailureForAWhile() async throws {
        try await withState { state in
            var state = state
            (state.newest, state.pending) = (moment(age: 3600), 5)
            state.note(VaultPairFailure(VaultError(.locked, "another writes", at: "/vault"), from: "production"))
            #expect(state.failure == nil && state.awaited == .other("another writes"))
            let first = report(state)
            #expect(first.findings.map(\.rule) == [BackupRunning.name] && first.findings[0].severity == .notice)
            #expect(first.lights.replicating.state == .unknown)
            #expect(first.lights.replicating.summary.hasSuffix("; another writes"))
            // The look of the next check keeps it, and so its beginning.
            state.at = Self.morning.addingTimeInterval(450)
            state.awaited = .own
            let second = report(state, before: first)
            #expect(second.findings.map(\.since) == [Self.morning])
            // From the threshold on the backup is as late as it is.
            for (seconds, rules) in [
                (899, [BackupRunning.name]), (900, [BackupBehind.name, BackupRunning.name]),
            ] as [(TimeInterval, [String])] {
                state.at = Self.morning.addingTimeInterval(seconds)
                state.awaited = .other("another writes")
                #expect(report(state, before: second).findings.map(\.rule) == rules)
            }
            // Where nothing is late, all is well.
            (state.at, state.pending) = (Self.morning, 0)
            #expect(report(state).lights.replicating.state == .ok)
            #expect(report(state).lights.replicating.summary == "caught up, moment #7, 60 min old; another writes")
            // What began while the clock was ahead begins now.
            var later = state
            later.at = Self.morning.addingTimeInterval(400 * 86_400)
            #expect(report(state, before: report(later)).findings.map(\.since) == [Self.morning])
        }
    }

    @Test(
        arguments: [
            (CouchError.Code.unreachable, ServerUnreachable.name, ExitCode.sourceUnreachable),
            (.timeout, ServerUnreachable.name, .sourceUnreachable), (.tls, nil, .sourceUnreachable),
            (.unauthorized, CredentialsRejected.name, .authentication), (.notFound, nil, .problem),
        ] as [(CouchError.Code, String?, ExitCode)])
    func failuresOfTheSource(code: CouchError.Code, rule: String?, exitCode: ExitCode) {
        let failure = VaultPairFailure(
            ReplicationFailure(
                side: .source, underlying: CouchError(code, "x"), counts: ReplicationCounts()), from: "production")
        #expect(failure.side == .source && failure.exitCode == exitCode)
        #expect(failure.cause == rule.map { "\($0) @ production" })
    }

    @Test func aNodeThatIsAwayIsTheNextStep() async throws {
        func failure(_ word: String, _ reason: String = "progress not possible") -> VaultPairFailure {
            let error = CouchError(.serverError, "x", status: 500, error: word, reason: reason)
            return VaultPairFailure(
                ReplicationFailure(side: .source, underlying: error, counts: ReplicationCounts()), from: "production")
        }
        try await withState { state in
            var state = state
            state.failure = failure("nodedown")
            #expect(report(state).findings.map(\.rule) == [BackupFailed.name, Blind.name])
            #expect(report(state).findings.allSatisfy { $0.next.hasPrefix("start the nodes of production") })
            // A single node says so too.
            state.failure = failure("internal_server_error", "No DB shards could be opened.")
            #expect(report(state).findings.allSatisfy { $0.next.hasPrefix("see CouchDB's log on production: ") })
            state.failure = failure("unknown_error")
            #expect(report(state).findings.map(\.next) == ["backup-failed", "blind"].map { "couchkeep explain \($0)" })
        }
    }

    /// Of what else is forbidden the server's own login says nothing.
    @Test(arguments: [("Account is temporarily locked", true), ("You are not allowed to access this db.", false)])
    func aLockedAccountIsTheServersMatter(reason: String, isLocked: Bool) {
        let error = CouchError(.forbidden, "x", reason: reason)
        let failure = VaultPairFailure(
            ReplicationFailure(side: .source, underlying: error, counts: ReplicationCounts()), from: "production")
        #expect(failure.exitCode == .authentication)
        #expect(failure.cause == (isLocked ? "\(CredentialsRejected.name) @ production" : nil))
    }
}
