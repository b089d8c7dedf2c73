import Alerting
import CouchDB
import Foundation
import Supervision

extension AlertPass {
    /// What people may have to be told of a report: its warnings and critical findings.
    package init(_ report: Report) {
        var conditions: [Condition] = []
        for server in report.servers {
            conditions += server.findings.compactMap { Condition($0, subject: server.name) }
        }
        for pair in report.pairs {
            conditions += pair.findings.compactMap { Condition($0, subject: pair.pair) }
        }
        let unseen = report.pairs.filter { pair in pair.findings.contains { $0.rule == Blind.name } }.map(\.pair)
        let unasked = report.servers.filter { server in
            server.findings.contains {
                [
                    ServerUnreachable.name, SecretUnavailable.name, CredentialsRejected.name, DatabasesUnlisted.name,
                ].contains($0.rule)
            }
        }.map(\.name)
        let watched = report.servers.map(\.name) + report.pairs.filter { $0.mode != .off }.map(\.pair)
        self.init(
            at: report.at, conditions: conditions, unjudgedSubjects: Set(unseen + unasked),
            watchedSubjects: Set(watched))
    }
}

extension Condition {
    /// Tells a finding; nil for a notice, which is only shown.
    init?(_ finding: Finding, subject: String) {
        guard finding.severity != .notice else { return nil }
        let explanation = KnownRules.rule(named: finding.rule)?.explanation
        self.init(
            fingerprint: Finding.fingerprint(rule: finding.rule, subject: subject), subject: subject,
            rule: finding.rule,
            severity: finding.severity == .critical ? .critical : .warning, summary: finding.summary,
            since: finding.since,
            impact: explanation?.consequence ?? "", next: finding.next,
            details: finding.evidence.mapValues { value in
                value.string ?? String(decoding: value.serialized(), as: UTF8.self)
            }, cause: finding.cause, occurrence: finding.rule == MassDeletion.name ? finding.since : nil)
    }
}
