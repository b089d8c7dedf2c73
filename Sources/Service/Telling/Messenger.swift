import Alerting
import Foundation
import Supervision

/// Tells people what a pass found, and keeps the heartbeat.
package struct Messenger: Sendable {
    private let notify: NotifyConfiguration
    private let channels: NotificationChannels
    private let alerts: StoredAlerts
    private let policy: AlertPolicy

    package init(_ notify: NotifyConfiguration, channels: NotificationChannels, state: StateDatabase) {
        self.notify = notify
        self.channels = channels
        alerts = StoredAlerts(state)
        policy = AlertPolicy(reminder: notify.remindAfter, tellFrom: .warning)
    }

    /// Which conditions a report can say of that they are gone.
    ///
    /// A check that tells several times must not count one look as several.
    package enum Judgement: Sendable, Hashable {
        case all
        /// All but those with these fingerprints, about which the check is still to find out.
        case allBut(Set<String>)
        /// Only those with these fingerprints, about which the check has found out since.
        case only(Set<String>)
    }

    /// Puts what is due into the outbox, sends what waits, and pings the heartbeat if all is well, and every message gets out.
    ///
    /// - Returns: How each channel does.
    /// - Throws: `StateError` and `CancellationError`; a channel's failure is in its status.
    package func tell(_ report: Report, judging: Judgement = .all) async throws -> [ChannelReport] {
        var pass = AlertPass(report)
        switch judging {
        case .all: break
        case .allBut(let fingerprints): pass.unjudgedFingerprints = fingerprints
        case .only(let fingerprints): pass.judgedFingerprints = fingerprints
        }
        // A channel that fails is itself told, by the others, and so is that it works again.
        pass.watchedSubjects?.formUnion(names)
        for name in names {
            if let condition = try await status(of: name, at: report.at).condition { pass.conditions.append(condition) }
        }
        _ = try await Teller(store: alerts, channels: deliverable, policy: policy).tell(pass)
        _ = try await delivery.run(now: report.at)
        try await beat(report)
        return try await reports(at: report.at)
    }

    /// Sends a test message through every channel, and returns how each did.
    package func test(at moment: Date) async throws -> [ChannelReport] {
        _ = try await Teller(store: alerts, channels: deliverable, policy: policy).test(through: delivery, at: moment)
        if let heartbeat = channels.heartbeat { try await ping(heartbeat, at: moment) }
        return try await reports(at: moment)
    }

    /// How each channel does, without sending anything.
    package func reports(at moment: Date) async throws -> [ChannelReport] {
        var reports: [ChannelReport] = []
        for name in names {
            let status = try await status(of: name, at: moment)
            let error = status.error.map { "\($0)" }
            reports.append(
                ChannelReport(
                    channel: name, lastSent: status.lastSent, error: status.isFailing ? error : nil,
                    warning: status.isFailing ? nil : error, waiting: status.waiting))
        }
        return reports
    }

    /// The channels of the configuration, the heartbeat last.
    private var names: [String] {
        [
            ("email", notify.email != nil), ("webhook", notify.webhook != nil), ("command", notify.command != nil),
            ("heartbeat", notify.heartbeat != nil),
        ].filter(\.1).map(\.0)
    }

    /// Those that get messages: a broken one too, whose messages wait for its repair.
    private var deliverable: [String] { names.filter { $0 != "heartbeat" } }

    private var delivery: OutboxDelivery { OutboxDelivery(store: alerts, channels: channels.channels) }

    private func status(of name: String, at moment: Date) async throws -> ChannelStatus {
        var status = try await alerts.status(of: name)
        if let error = channels.broken[name] { status.failed(error, at: status.failingSince ?? moment) }
        return status
    }

    private func beat(_ report: Report) async throws {
        var statuses: [ChannelStatus] = []
        for name in deliverable { statuses.append(try await status(of: name, at: report.at)) }
        guard let heartbeat = channels.heartbeat, Self.isWell(report, statuses),
            heartbeat.settings.isDue(at: report.at, last: try await alerts.status(of: heartbeat.name).lastSent)
        else { return }
        try await ping(heartbeat, at: report.at)
    }

    /// Whether somebody who hears nothing can rely on it: who would not be told of a problem must not be told that there is none.
    ///
    /// - Parameter channels: those that get messages.
    static func isWell(_ report: Report, _ channels: [ChannelStatus]) -> Bool {
        report.verdict == .ok && channels.allSatisfy { !$0.isFailing }
    }

    private func ping(_ heartbeat: Heartbeat, at moment: Date) async throws {
        do {
            try await heartbeat.beat()
            try await alerts.note(heartbeat.name) { $0.sent(at: moment) }
        } catch let error as DeliveryError {
            try await alerts.note(heartbeat.name) { $0.failed(error, at: moment) }
        }
    }
}
