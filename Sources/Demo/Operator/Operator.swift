import Alerting
import Foundation
import Service
import Supervision

/// Whoever runs Couchkeep: each call does what the command of that name does, from reading the configuration on.
struct Operator: Sendable {
    let folder: OperatorFolder

    /// `couchkeep check`
    func check(isDryRun: Bool = false) async throws -> Report {
        let outcome = try await CheckRun(load()).run(PassOptions(isDryRun: isDryRun))
        if let failure = outcome.notRemembered { throw failure }
        return outcome.report
    }

    /// `couchkeep status`
    func status() async throws -> Report? {
        try await StoredStatus(load()).report(now: Date(), maximumAge: .seconds(3600))?.report
    }

    /// Whether a problem was told that has not been told to be over.
    func hasOpenAlerts() async throws -> Bool {
        let state = try StateFolder(load()).open()
        return try await !StoredAlerts(state).ledger().records.isEmpty
    }

    private func load() throws -> LoadedConfiguration { try ConfigurationFile.load(folder.configuration) }
}
