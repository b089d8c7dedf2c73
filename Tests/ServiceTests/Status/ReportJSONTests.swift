import CouchDB
import Foundation
import Supervision
import Testing

@testable import Service

/// The form of `check --json` and `status --json`, which scripts rely on.
@Suite struct ReportJSONTests {
    private let morning = Date(timeIntervalSince1970: 1_795_507_200)

    private func json(_ report: Report) throws -> JSONValue {
        try JSONValue(parsing: try JSONEncoder.report.encode(report))
    }

    private var full: Report {
        let finding = Finding(
            rule: TargetRolledBack.name, severity: .critical, since: morning, summary: "s", evidence: ["n": 1],
            next: "couchkeep check", cause: "server-unreachable @ standby")
        let repair = RepairRecord(
            action: "reset-checkpoints", at: morning, result: .givenUp, detail: "d", rule: TargetRolledBack.name)
        return Report(
            at: morning,
            pairs: [
                .sample("orders", light: .problem, findings: [finding], repairs: [repair], since: morning),
                .sample("blind", light: .unknown, lag: Lag(changes: nil, seconds: nil)),
            ],
            servers: [
                .sample("production"),
                ServerReport(name: "standby", url: "u", reachable: false, version: nil, findings: [finding]),
            ],
            unprotected: ["production/scratch"],
            channels: [
                ChannelReport(channel: "email", lastSent: morning, error: nil, waiting: 0),
                ChannelReport(channel: "webhook", lastSent: nil, error: "down", waiting: 2),
            ])
    }

    @Test func keysAndTypes() throws {
        let root = try json(full)
        #expect(keys(root) == ["at", "channels", "pairs", "schema", "servers", "unprotected", "verdict"])
        #expect(root["schema"] == "couchkeep/status/1")
        #expect(root["at"] == "2026-11-24T08:00:00Z")
        #expect(root["verdict"] == "problem")
        #expect(root["unprotected"] == ["production/scratch"])

        let pair = try #require(root["pairs"]?.array?.first)
        #expect(keys(pair) == ["findings", "lag", "lights", "mode", "pair", "repairs", "source", "target"])
        #expect(pair["mode"] == "manage")
        #expect(keys(pair["lights"]) == ["replicating", "restorable", "verified"])
        #expect(
            pair["lights"]?["replicating"]
                == ["state": "problem", "since": "2026-11-24T08:00:00Z", "summary": "caught up"])
        #expect(
            pair["lights"]?["verified"]
                == ["state": "off", "since": nil, "summary": "no verification is configured"])
        // Null is not the same as absent.
        #expect(keys(pair["lights"]?["verified"]) == ["state", "since", "summary"])
        #expect(pair["lag"] == ["changes": 0, "seconds": 0])
        #expect(
            pair["findings"] == [
                [
                    "rule": "target-rolled-back", "severity": "critical", "since": "2026-11-24T08:00:00Z",
                    "summary": "s", "evidence": ["n": 1], "next": "couchkeep check",
                    "cause": "server-unreachable @ standby",
                ]
            ])
        #expect(
            pair["repairs"] == [
                [
                    "action": "reset-checkpoints", "at": "2026-11-24T08:00:00Z", "result": "given-up", "detail": "d",
                    "rule": "target-rolled-back",
                ]
            ])

        let server = try #require(root["servers"]?.array?.first)
        #expect(
            server == [
                "name": "production", "url": "http://production:5984", "reachable": true, "version": "3.5.0",
                "findings": [],
            ])
        #expect(
            root["channels"] == [
                ["channel": "email", "lastSent": "2026-11-24T08:00:00Z", "error": nil, "waiting": 0],
                ["channel": "webhook", "lastSent": nil, "error": "down", "waiting": 2],
            ])
    }

    @Test func whatIsUnknownIsNullAndNeverZero() throws {
        let blind = try #require(try json(full)["pairs"]?.array?.last)
        #expect(blind["lag"] == ["changes": nil, "seconds": nil])
        #expect(keys(blind["lag"]) == ["changes", "seconds"])
        #expect(blind["lights"]?["replicating"]?["since"] == .null)
        #expect(try json(full)["servers"]?.array?.last?["version"] == .null)
    }

    @Test func theWordsOfEachField() {
        #expect([Report.Verdict.ok, .problem, .unknown].map(\.rawValue) == ["ok", "problem", "unknown"])
        #expect([Light.State.ok, .problem, .unknown, .off].map(\.rawValue) == ["ok", "problem", "unknown", "off"])
        #expect([Finding.Severity.notice, .warning, .critical].map(\.rawValue) == ["notice", "warning", "critical"])
        #expect([Pair.Mode.manage, .watch, .off].map(\.rawValue) == ["manage", "watch", "off"])
        #expect(
            [RepairRecord.Result.done, .planned, .failed, .givenUp].map(\.rawValue)
                == ["done", "planned", "failed", "given-up"])
    }

    @Test func aReportIsReadAsItWasWritten() throws {
        #expect(try JSONDecoder.report.decode(Report.self, from: try JSONEncoder.report.encode(full)) == full)
    }

    /// The example of `docs/json.md` has the same keys as what the program writes.
    @Test func documentation() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        let text = try String(contentsOf: root.appending(path: "docs/json.md"), encoding: .utf8)
        let block = try #require(text.firstMatch(of: /```json\n([\s\S]*?)```/)).output.1
        let example = try JSONValue(parsing: Data(block.utf8))
        let written = try json(full)
        #expect(keys(example) == keys(written))
        let pairs = (example["pairs"]?.array?.first, written["pairs"]?.array?.first)
        #expect(keys(pairs.0) == keys(pairs.1))
        for part in ["lights", "lag"] { #expect(keys(pairs.0?[part]) == keys(pairs.1?[part])) }
        #expect(keys(pairs.0?["lights"]?["replicating"]) == keys(pairs.1?["lights"]?["replicating"]))
        // A cause is there only where there is one.
        #expect(
            keys(pairs.0?["findings"]?.array?.first).union(["cause"]) == keys(pairs.1?["findings"]?.array?.first))
        #expect(keys(pairs.0?["repairs"]?.array?.first) == keys(pairs.1?["repairs"]?.array?.first))
        #expect(keys(example["servers"]?.array?.first) == keys(written["servers"]?.array?.first))
        #expect(keys(example["channels"]?.array?.first) == keys(written["channels"]?.array?.first))
        #expect(try JSONDecoder.report.decode(Report.self, from: Data(block.utf8)).verdict == .problem)
    }

    private func keys(_ value: JSONValue?) -> Set<String> { Set((value?.object ?? [:]).keys) }
}
