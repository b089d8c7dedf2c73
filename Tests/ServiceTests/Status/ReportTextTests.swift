import Foundation
import Supervision
import Testing

@testable import Service

/// A report as people read it.
@Suite struct ReportTextTests {
    private let morning = Date(timeIntervalSince1970: 1_795_507_200)

    private func finding(_ rule: String, _ severity: Finding.Severity = .critical, cause: String? = nil) -> Finding {
        Finding(
            rule: rule, severity: severity, since: morning.addingTimeInterval(-300), summary: "summary of \(rule)",
            next: "couchkeep explain \(rule)", cause: cause)
    }

    private var mixed: Report {
        let repair = RepairRecord(
            action: "create-replication", at: morning, result: .done, detail: "write the document",
            rule: ReplicationMissing.name)
        return Report(
            at: morning,
            pairs: [
                .sample("a-healthy", lag: Lag(changes: 1200, seconds: 90), since: morning.addingTimeInterval(-7200)),
                .sample("z-broken", light: .problem, findings: [finding(WritesRefused.name)]),
                .sample("m-repaired", repairs: [repair]),
                .sample(
                    "b-blind", light: .unknown,
                    findings: [finding(Blind.name, .warning, cause: "server-unreachable @ standby")],
                    lag: Lag(changes: nil, seconds: nil)),
            ],
            servers: [
                .sample("production"),
                .sample("standby", reachable: false, findings: [finding(ServerUnreachable.name)]),
            ], unprotected: (1...7).map { "production/open\($0)" },
            channels: [
                ChannelReport(channel: "email", lastSent: morning.addingTimeInterval(-60), error: nil, waiting: 0),
                ChannelReport(channel: "webhook", lastSent: nil, error: "nothing answers", waiting: 3),
            ])
    }

    @Test func theWorstComesFirstAndEverythingHasItsNextStep() throws {
        let text = ReportText(mixed, now: morning.addingTimeInterval(60)).render()
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        #expect(lines[0] == "4 pairs: 1 problem, 1 unknown, 2 ok    2026-11-24T08:00:00Z, 60 s ago")
        let order = ["z-broken", "b-blind", "a-healthy", "m-repaired"]
        let places = try order.map { name in
            try #require(lines.firstIndex { $0.contains(name) }, "\(name)")
        }
        #expect(places == places.sorted())
        #expect(text.contains("✗  z-broken"))
        #expect(text.contains("ok for 2 h"))
        #expect(text.contains("1,200 changes, 90 s") || text.contains("1,200 changes, 1 min"), "\(text)")
        #expect(text.contains("unknown"))
        #expect(text.contains("CRITICAL writes-refused, for 6 min"))
        #expect(text.contains("    next: couchkeep explain writes-refused"))
        #expect(text.contains("repaired (replication-missing): write the document"))
        #expect(text.contains("standby  http://standby:5984, can't be reached"))
        #expect(text.contains("because of that, nothing is known of: b-blind"))
        #expect(text.contains("without a backup: production/open1"))
        #expect(text.contains("and 2 more"))
        #expect(text.contains("email: last sent 2 min ago") || text.contains("email: last sent"), "\(text)")
        #expect(text.contains("webhook: FAILS: nothing answers, 3 waiting"))
        // Nothing in it is meant for a terminal alone.
        #expect(!text.contains("\u{1b}"))
        #expect(lines.allSatisfy { !$0.hasSuffix(" ") })
    }

    @Test func oneLineWhenAllIsWell() {
        let report = Report(
            at: morning, pairs: [.sample("a"), .sample("b", lag: Lag(changes: 12, seconds: 3))],
            servers: [.sample("production")], unprotected: [])
        #expect(
            ReportText(report, now: morning).line()
                == "2026-11-24T08:00:00Z ok: 2 pairs: 2 ok, largest lag 12 changes\n")
        let none = Report(at: morning, pairs: [], servers: [], unprotected: [])
        #expect(ReportText(none, now: morning).line() == "2026-11-24T08:00:00Z unknown: 0 pairs\n")
    }

    @Test func manyPairsAreSummedUp() {
        let healthy = (1...1000).map { PairReport.sample("healthy-\($0)") }
        let broken = (1...300).map {
            PairReport.sample("broken-\($0)", light: .problem, findings: [finding(ReplicationMissing.name)])
        }
        let report = Report(at: morning, pairs: healthy + broken, servers: [], unprotected: [])
        let text = ReportText(report, now: morning).render()
        #expect(text.split(separator: "\n").count < 250)
        #expect(text.contains("1,300 pairs: 300 problem, 1,000 ok"))
        #expect(text.contains("replication-missing: 280 pairs"), "\(text.suffix(600))")
        let all = ReportText(report, now: morning, shown: .max).render()
        #expect(all.contains("healthy-999") && all.contains("broken-300"))
    }

    /// A question mark without a word is no help.
    @Test func whatIsUnknownSaysWhy() {
        func pair(_ name: String, restorable: String, findings: [Finding] = []) -> PairReport {
            var pair = PairReport.sample(name, findings: findings)
            pair.lights.restorable = Light(state: .unknown, since: nil, summary: restorable)
            return pair
        }
        var pairs = (1...7).map { pair("p\($0)", restorable: "the drill came to no end") }
        pairs.append(pair("told", restorable: "summary of blind", findings: [finding(Blind.name, .warning)]))
        let report = Report(at: morning, pairs: pairs, servers: [], unprotected: [])
        let text = ReportText(report, now: morning).render()
        let sentence = "p1, p2, p3, p4, p5 and 2 more: RESTORABLE is unknown: the drill came to no end"
        #expect(text.contains("\n\(sentence)\n"), "\(text)")
        #expect(!text.contains("told: RESTORABLE"), "a finding says it")
        let many = Report(
            at: morning, pairs: (1...30).map { pair("p\($0)", restorable: "reason \($0)") }, servers: [],
            unprotected: [])
        #expect(ReportText(many, now: morning).render().contains("and 10 more such reasons; --all tells them"))
    }

    @Test func coloursAreForTerminalsAndNeverTheOnlySign() {
        let plain = ReportText(mixed, now: morning).render()
        let coloured = ReportText(mixed, now: morning, style: .ansi).render()
        #expect(coloured.contains("\u{1b}[31m"))
        let stripped = coloured.replacing(/\u{1b}\[[0-9]+m/, with: "")
        #expect(stripped == plain)
        #expect(TextStyle.of(-1, environment: [:]) == .plain)
    }
}
