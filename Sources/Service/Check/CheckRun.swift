import Foundation
import Supervision

/// One `couchkeep check`: a pass, and the messages that follow from it.
package struct CheckRun: Sendable {
    private let loaded: LoadedConfiguration
    private let environment: [String: String]?
    private let pacing: RepairPacing
    private let now: @Sendable () -> Date
    /// Whether verifications that are due are made.
    package var verifies = true
    /// The pauses before further looks at what seems to differ; the usual ones where nil.
    package var looks: [Duration]?

    package init(
        _ loaded: LoadedConfiguration, environment: [String: String]? = nil, pacing: RepairPacing = .standard,
        now: @escaping @Sendable () -> Date = { Date() }
    ) {
        self.loaded = loaded
        self.environment = environment
        self.pacing = pacing
        self.now = now
    }

    /// How a run ended.
    package struct Outcome: Sendable {
        package var report: Report
        package var exitCode: ExitCode
        /// Why the pass could not be remembered or told, where that is so; the report is right all the same.
        package var notRemembered: StateError?
    }

    /// Runs a pass, and tells people unless it is a dry run.
    ///
    /// Only one run may work on a state folder; a second one gets `StateError` with code `locked` at once. A dry run only
    /// looks, and may do so beside another one.
    ///
    /// - Throws: `ConfigurationError`, `StateError`, `CancellationError`.
    package func run(_ options: PassOptions) async throws -> Outcome {
        // First, so that a configuration that can't be used leaves no empty memory behind.
        let fleet = try await Fleet(loaded, environment: environment)
        return try await fleet.closing {
            let folder = StateFolder(loaded)
            let lock = options.isDryRun ? nil : try folder.lock()
            let state = options.isDryRun ? try folder.openForReading() : try folder.open()
            let looked = try await look(options, fleet: fleet, state: state)
            // A long verification must not keep other checks from looking.
            lock?.release()
            return try await verify(looked, options, fleet: fleet, state: state)
        }
    }

    /// Looks, repairs, remembers and tells, but verifies nothing.
    private func look(
        _ options: PassOptions, fleet: Fleet, state: StateDatabase
    ) async throws -> Outcome {
        let supervisor = Supervisor(
            servers: fleet.servers, sources: fleet.selector.sources,
            selectPairs: { [selector = fleet.selector] in selector.select(names: $0, remembered: $1) },
            state: state, pacing: pacing, now: now)
        let last = try await state.lastReport()
        let overlay = VerificationOverlay(state, verify: loaded.configuration.verify)
        var options = options
        options.proofs = try await overlay.proofs()
        let passed = try await supervisor.pass(options)
        let vaults = VaultPass(
            loaded.configuration, servers: fleet.servers, environment: environment, now: now)
        let all = passed.report.adding(
            try await vaults.run(options.isDryRun ? .none : .managed, last: last)
        ).showing(drills: try await StoredDrills(state).histories(), at: now())
        let report = try await overlay.apply(to: all, before: last, now: now())
        let exitCode = ExitCode(report, sources: fleet.selector.sources)
        guard !options.isDryRun else { return Outcome(report: report, exitCode: exitCode) }
        do {
            try await supervisor.remember(passed)
            try await verification(state).noteDue(report)
            let told = try await tell(report, state: state)
            return Outcome(report: told, exitCode: exitCode)
        } catch let error as StateError {
            // What was seen is worth showing even where it can't be remembered.
            return Outcome(
                report: report, exitCode: exitCode == .ok ? .incomplete : exitCode, notRemembered: error)
        }
    }

    private func verification(_ state: StateDatabase) -> VerificationPass {
        VerificationPass(loaded, state: state, environment: environment, looks: looks, now: now)
    }

    /// Verifies what is due, and says again how all is.
    private func verify(
        _ looked: Outcome, _ options: PassOptions, fleet: Fleet, state: StateDatabase
    ) async throws -> Outcome {
        guard verifies, looked.notRemembered == nil else { return looked }
        let pass = verification(state)
        let turns = try await pass.tasks(after: looked.report, fleet: fleet)
        guard !turns.isEmpty else { return looked }
        var outcome = looked
        guard !options.isDryRun else {
            for turn in turns { outcome.report.add([VerificationPass.planned(turn, at: now())], to: turn.pair.key) }
            return outcome
        }
        let result = try await pass.run(turns)
        guard result.hasVerified else { return looked }
        // The other check that may have this lock is over in a moment; if not, the next one tells of this.
        let lock = try await patiently { try StateFolder(loaded).lock() }
        defer { lock?.release() }
        // What the rules of the pass have found stays told: the next check sees whether the comparison has ended it.
        let last = try await state.lastReport()
        outcome.report = try await VerificationOverlay(state, verify: loaded.configuration.verify)
            .apply(to: last.flatMap { $0.at > looked.report.at ? $0 : nil } ?? looked.report, before: last, now: now())
        for (key, records) in result.repairs { outcome.report.add(records, to: key) }
        outcome.exitCode = ExitCode(outcome.report, sources: fleet.selector.sources)
        guard lock != nil else { return outcome }
        do {
            outcome.report = try await tell(outcome.report, state: state)
        } catch let error as StateError {
            outcome.notRemembered = error
            if outcome.exitCode == .ok { outcome.exitCode = .incomplete }
        }
        return outcome
    }

    /// Tries for half a minute to get a lock; nil where another process has it all that time.
    private func patiently(_ lock: () throws -> StateLock) async throws -> StateLock? {
        for attempt in 0..<60 {
            do {
                return try lock()
            } catch let error as StateError where error.code == .locked {
                if attempt < 59 { try await Task.sleep(for: .milliseconds(500)) }
            }
        }
        return nil
    }

    /// Sends messages, and stores the report again with how the channels did.
    private func tell(_ report: Report, state: StateDatabase) async throws -> Report {
        let notify = loaded.configuration.notify
        let channels = try await NotificationChannels(notify, environment: environment)
        var report = report
        report.channels = try await Messenger(notify, channels: channels, state: state).tell(report)
        try await state.store(report)
        return report
    }
}

extension Report {
    /// Adds repairs to a pair, unless they are there.
    fileprivate mutating func add(_ records: [RepairRecord], to key: String) {
        guard let index = pairs.firstIndex(where: { $0.key == key }) else { return }
        pairs[index].repairs += records.filter { !pairs[index].repairs.contains($0) }
    }
}
