import Alerting
import Foundation
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
