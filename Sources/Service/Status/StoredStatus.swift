import Foundation
import Supervision

/// What the last pass left, read without asking any server and without waiting for a pass that is under way.
package struct StoredStatus: Sendable {
    /// A report and what it is worth now.
    package struct Reading: Sendable {
        package var report: Report
        /// Whether it is too old to be trusted.
        package var isStale: Bool
        package var exitCode: ExitCode
    }

    private let loaded: LoadedConfiguration

    package init(_ loaded: LoadedConfiguration) { self.loaded = loaded }

    /// Returns the last report; nil where there never was one.
    ///
    /// A report that is too old says unknown where it said ok, and its code is unknown whatever it says: nobody knows what
    /// is still so. One from the future, after a clock was set back, is too old as well.
    package func report(now: Date, maximumAge: Duration) async throws -> Reading? {
        let folder = StateFolder(loaded)
        guard try folder.exists else { return nil }
        let state = try folder.openForReading()
        guard let last = try await state.lastReport() else { return nil }
        // A verification or a drill may have ended since, or have grown too old.
        let evidence = try await BackupEvidence.spans(state, loaded.configuration)
        var report = try await VerificationOverlay(state, verify: loaded.configuration.verify)
            .apply(to: last, before: last, evidence: evidence, now: now)
        report = report.showing(
            try await DrillEvidence.stored(state, loaded.configuration), evidence: evidence, at: now)
        let isStale = report.at.age(at: now).map { $0 > maximumAge.seconds } ?? true
        if isStale { report.expire() }
        let sources = Set(loaded.configuration.pairs.map(\.source))
        return Reading(
            report: report, isStale: isStale, exitCode: isStale ? .unknown : ExitCode(report, sources: sources))
    }
}
