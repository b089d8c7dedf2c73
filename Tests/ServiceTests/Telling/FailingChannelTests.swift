import Alerting
import Foundation
import Secrets
import Supervision
import Testing

@testable import Service

/// A message that nobody gets is an event of its own.
@Suite struct FailingChannelTests {
    private let morning = Date(timeIntervalSince1970: 1_795_507_200)

    private func report(_ light: Light.State = .ok, error: String? = nil) -> Report {
        Report(
            at: morning, pairs: [.sample("orders", light: light)], servers: [], unprotected: [],
            channels: [ChannelReport(channel: "email", lastSent: nil, error: error, waiting: 1)])
    }

    @Test("A check whose messages can't be sent is printed and is not ok, but a problem outweighs it")
    func isNoQuietCheck() {
        #expect(report().isUneventful && !report(error: "refused").isUneventful && !report(.problem).isUneventful)
        for (code, error, expected) in [
            (ExitCode.ok, "refused", ExitCode.incomplete), (.ok, nil, .ok), (.problem, "refused", .problem),
            (.unknown, "refused", .unknown),
        ] as [(ExitCode, String?, ExitCode)] {
            var outcome = CheckRun.Outcome(report: report(), exitCode: code)
            outcome.told(report(error: error))
            #expect(outcome.exitCode == expected)
        }
    }

    @Test("A channel that works again is told as that, and one that is configured no more as not watched")
    func recovery() async throws {
        let command = CommandConfiguration(argv: ["/bin/true"])
        let all = NotifyConfiguration(
            command: command, heartbeat: HeartbeatConfiguration(url: .environment("HEARTBEAT_URL")))
        let good = ["HEARTBEAT_URL": "https://hc.example.org/ping"]
        for (next, environment, isUnwatched) in [
            (all, good, nil), (NotifyConfiguration(command: command), [:], true),
        ] as [(NotifyConfiguration, [String: String], Bool?)] {
            let folder = try TemporaryFolder()
            let state = try StateDatabase(folder: folder.path, migrations: StoredAlerts.migrate)
            let passes: [(NotifyConfiguration, [String: String])] = [
                (all, [:]), (next, environment), (next, environment),
            ]
            for (notify, variables) in passes {
                var channels = try await NotificationChannels(notify, environment: variables)
                // What is told stays in the outbox, to be looked at.
                channels.channels = []
                _ = try await Messenger(notify, channels: channels, state: state).tell(report(.problem))
            }
            let told = try await StoredAlerts(state).waiting(for: "command", limit: 9).flatMap(\.message.transitions)
            #expect(told.map(\.condition.subject) == ["heartbeat", "heartbeat"])
            #expect(told.map(\.kind) == [.new, .resolved] && told.last?.isUnwatched == isUnwatched)
        }
    }

    @Test("Nobody gets a heartbeat who would not get an alert")
    func heartbeat() {
        let good = ChannelStatus(channel: "email")
        var bad = ChannelStatus(channel: "webhook")
        bad.failed(DeliveryError(.unreachable, "nothing answers", hint: "start it"), at: morning)
        #expect(Messenger.isWell(report(), [good]) && Messenger.isWell(report(), []))
        // It was delivered, and the next message may be weeks away.
        var partial = bad
        partial.sent(at: morning, warning: DeliveryError(.recipientRefused, "550 no such user", hint: "correct it"))
        #expect(Messenger.isWell(report(), [partial]))
        let told = ChannelReport(
            channel: "email", lastSent: morning, error: nil, warning: "550 no such user", waiting: 0)
        let shown = Report(
            at: morning, pairs: [.sample("orders", light: .ok)], servers: [], unprotected: [], channels: [told])
        #expect(shown.isUneventful && ReportText(shown, now: morning).render().contains("but: 550 no such user"))
        #expect(!Messenger.isWell(report(), [good, bad]) && !Messenger.isWell(report(.unknown), [good]))
    }
}
