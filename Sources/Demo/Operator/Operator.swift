import Alerting
import Foundation
import Service
import Supervision

/// Whoever runs Couchkeep: each call does what the command of that name does, from reading the configuration on.
struct Operator: Sendable {
    let folder: OperatorFolder

    /// The pauses before further looks at what differs where nothing is under way any more; the program's own take half a
    /// minute.
    static let shortLooks: [Duration] = [.milliseconds(250), .milliseconds(500)]

    /// `couchkeep check`
    func check(isDryRun: Bool = false, looks: [Duration]? = nil) async throws -> Report {
        var run = CheckRun(try load())
        run.looks = looks
        let outcome = try await run.run(PassOptions(isDryRun: isDryRun))
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

    func load() throws -> LoadedConfiguration { try ConfigurationFile.load(folder.configuration) }
}
