import Alerting
import Foundation
import Supervision

/// What `couchkeep alert` does: tests the channels and lists what was told.
package struct AlertDesk: Sendable {
    private let loaded: LoadedConfiguration

    package init(_ loaded: LoadedConfiguration) { self.loaded = loaded }

    /// Sends a test message through every channel.
    ///
    /// - Throws: `StateError`; `ConfigurationError` where no channel is configured.
    package func test(at moment: Date) async throws -> [ChannelReport] {
        let notify = loaded.configuration.notify
        guard notify != NotifyConfiguration(remindAfter: notify.remindAfter) else {
            throw ConfigurationError(
                [
                    loaded.issue(
                        .missingKey, at: "notify", "no channel is configured, so nobody is told of anything",
                        nextStep: "add email, webhook or command under notify: in the configuration")
                ])
        }
        let folder = StateFolder(loaded)
        let lock = try folder.lock()
        let state = try folder.open()
        let channels = try await NotificationChannels(notify)
        let reports = try await Messenger(notify, channels: channels, state: state).test(at: moment)
        lock.release()
        return reports
    }

    /// Lists open problems and channels.
    package func list(now: Date) async throws -> String {
        let folder = StateFolder(loaded)
        let state = try folder.openForReading()
        let records = try await StoredAlerts(state).ledger().records.values
            .sorted { ($0.since, $0.condition.fingerprint) < ($1.since, $1.condition.fingerprint) }
        var rows = [["SINCE", "TOLD", "SEVERITY", "SUBJECT", "SUMMARY"]]
        rows += records.map { record in
            [
                record.since.formatted(.iso8601),
                record.lastTold?.formatted(.iso8601) ?? (record.foldedUnder == nil ? "no" : "with its cause"),
                record.condition.severity.rawValue, record.condition.subject, record.condition.summary,
            ]
        }
        let open = records.isEmpty ? "no problem is open" : TextTable(rows).render()
        let notify = loaded.configuration.notify
        let channels = try await NotificationChannels(notify)
        let reports = try await Messenger(notify, channels: channels, state: state).reports(at: now)
        return open + "\n\n" + Self.text(reports, now: now)
    }

    /// A line for each channel.
    package static func text(_ channels: [ChannelReport], now: Date) -> String {
        guard !channels.isEmpty else { return "no channel is configured\n" }
        return channels.map { $0.line(now: now) + "\n" }.joined()
    }
}
