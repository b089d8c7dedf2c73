import Foundation
import Supervision

/// One `couchkeep check`: a pass, and the messages that follow from it.
package struct CheckRun: Sendable {
    private let loaded: LoadedConfiguration
    private let environment: [String: String]?
    private let pacing: RepairPacing
    private let now: @Sendable () -> Date

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
        let outcome: Outcome
        do {
            let folder = StateFolder(loaded)
            let lock = options.isDryRun ? nil : try folder.lock()
            let state = options.isDryRun ? try folder.openForReading() : try folder.open()
            outcome = try await run(options, fleet: fleet, state: state)
            lock?.release()
        } catch {
            try await fleet.shutdown()
            throw error
        }
        try await fleet.shutdown()
        return outcome
    }

    private func run(_ options: PassOptions, fleet: Fleet, state: StateDatabase) async throws -> Outcome {
        let supervisor = Supervisor(
            servers: fleet.servers, sources: fleet.selector.sources,
            selectPairs: { [selector = fleet.selector] in selector.select(names: $0, remembered: $1) },
            state: state, pacing: pacing, now: now)
        let last = try await state.lastReport()
        let passed = try await supervisor.pass(options)
        let vaults = VaultPass(
            loaded.configuration, servers: fleet.servers, environment: environment, now: now)
        let report = passed.report.adding(
            try await vaults.run(options.isDryRun ? .none : .managed, last: last)
        ).showing(drills: try await StoredDrills(state).histories(), at: now())
        let exitCode = ExitCode(report, sources: fleet.selector.sources)
        guard !options.isDryRun else { return Outcome(report: report, exitCode: exitCode) }
        do {
            try await supervisor.remember(passed)
            let told = try await tell(report, state: state)
            return Outcome(report: told, exitCode: exitCode)
        } catch let error as StateError {
            // What was seen is worth showing even where it can't be remembered.
            return Outcome(
                report: report, exitCode: exitCode == .ok ? .incomplete : exitCode, notRemembered: error)
        }
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
