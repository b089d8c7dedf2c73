import CouchDB
import Foundation
import Supervision

/// A report as people read it: worst first, one screen, the next command beside each problem.
package struct ReportText: Sendable {
    private let report: Report
    private let now: Date
    private let style: TextStyle
    /// How many pairs of a kind are told of one by one.
    private let shown: Int

    package init(_ report: Report, now: Date, style: TextStyle = .plain, shown: Int = 20) {
        self.report = report
        self.now = now
        self.style = style
        self.shown = shown
    }

    /// The whole screen.
    package func render() -> String {
        var parts = [headline, table]
        parts += report.servers.filter { !$0.findings.isEmpty }.map(details)
        let eventful = sorted.filter { !isExplained($0) && !($0.findings.isEmpty && $0.repairs.isEmpty) }
        parts += eventful.prefix(shown).map(details)
        parts.append(summary(of: Array(eventful.dropFirst(shown))))
        parts.append(explained)
        parts.append(doubts)
        parts.append(footer)
        return parts.filter { !$0.isEmpty }.joined(separator: "\n\n") + "\n"
    }

    /// The one line for cron when all is well.
    package func line() -> String {
        let lag = report.pairs.compactMap(\.lag.changes).max().map { ", largest lag \(Wording.changes($0))" } ?? ""
        return "\(report.at.formatted(.iso8601)) \(report.verdict.rawValue): \(counts)\(lag)\n"
    }

    private var headline: String {
        let age = now.timeIntervalSince(report.at)
        let when = report.at.formatted(.iso8601) + (age >= 2 ? ", \(Wording.duration(age)) ago" : "")
        return "\(style.strong(counts))    \(when)"
    }

    private var counts: String {
        var parts: [String] = []
        for (state, word) in [(Light.State.problem, "problem"), (.unknown, "unknown"), (.ok, "ok"), (.off, "off")] {
            let count = report.pairs.count { worst($0) == state }
            if count > 0 { parts.append("\(Wording.number(count)) \(word)") }
        }
        let pairs = Wording.counted(report.pairs.count, "pair")
        return parts.isEmpty ? pairs : "\(pairs): \(parts.joined(separator: ", "))"
    }

    /// The worst pairs first, then by name.
    private var sorted: [PairReport] {
        report.pairs.sorted { left, right in (rank(worst(left)), left.pair) < (rank(worst(right)), right.pair) }
    }

    private var table: String {
        let healthy = sorted.filter { worst($0) == .ok || worst($0) == .off }
        let unwell = sorted.filter { worst($0) != .ok && worst($0) != .off }
        let listed = unwell.prefix(5 * min(shown, 1000)) + healthy.prefix(shown)
        guard !listed.isEmpty else { return "" }
        var rows = [["", "PAIR", "REPLICATING", "VERIFIED", "RESTORABLE", "LAG"]]
        rows += listed.map { pair in
            [
                style.mark(worst(pair)), pair.pair, cell(pair.lights.replicating), cell(pair.lights.verified),
                cell(pair.lights.restorable), lag(pair.lag),
            ]
        }
        let hidden = report.pairs.count - listed.count
        return TextTable(rows).render() + (hidden > 0 ? "\n  and \(Wording.number(hidden)) more; --all lists them" : "")
    }

    private func details(_ server: ServerReport) -> String {
        let version = server.version.map { ", CouchDB \($0)" } ?? ""
        let lines = ["\(style.strong(server.name))  \(server.url)\(server.reachable ? version : ", can't be reached")"]
        return (lines + server.findings.flatMap(text)).joined(separator: "\n")
    }

    private func details(_ pair: PairReport) -> String {
        let lines = ["\(style.strong(pair.pair))  \(pair.source) -> \(pair.target)"]
        return (lines + pair.findings.flatMap(text) + pair.repairs.flatMap(text)).joined(separator: "\n")
    }

    /// What is not told one by one: how many pairs have each finding and each repair.
    private func summary(of pairs: [PairReport]) -> String {
        guard !pairs.isEmpty else { return "" }
        var counts: [String: Int] = [:]
        for pair in pairs {
            for rule in Set(pair.findings.map(\.rule)) { counts[rule, default: 0] += 1 }
            for repair in Set(pair.repairs.map { "\(word($0)) \($0.action)" }) { counts[repair, default: 0] += 1 }
        }
        let lines = counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
            .map { "  \($0.key): \(Wording.counted($0.value, "pair"))" }
        return (["and \(Wording.counted(pairs.count, "pair")) more; --all tells of each"] + lines).joined(
            separator: "\n")
    }

    /// Whether all that is wrong with a pair follows from a server's finding, which stands above.
    private func isExplained(_ pair: PairReport) -> Bool {
        // Of one that replicates something is known.
        pair.lights.replicating.state != .ok && !pair.findings.isEmpty && pair.repairs.isEmpty
            && pair.findings.allSatisfy { $0.cause != nil && !Report.drillRules.contains($0.rule) }
    }

    private var explained: String {
        let names = sorted.filter(isExplained).map(\.pair)
        guard !names.isEmpty else { return "" }
        return "because of that, nothing is known of: \(Self.names(names))"
    }

    /// Why lights are unknown, where no finding says so.
    private var doubts: String {
        var reasons: [String] = []
        var pairs: [String: [String]] = [:]
        for pair in sorted where !isExplained(pair) {
            let lights = pair.lights
            for (name, light) in [
                ("REPLICATING", lights.replicating), ("VERIFIED", lights.verified), ("RESTORABLE", lights.restorable),
            ] where light.state == .unknown && !pair.findings.contains(where: { $0.summary == light.summary }) {
                let reason = "\(name) is unknown: \(light.summary)"
                if pairs[reason] == nil { reasons.append(reason) }
                pairs[reason, default: []].append(pair.pair)
            }
        }
        let lines = reasons.prefix(shown).map { "\(Self.names(pairs[$0] ?? [])): \($0)" }
        let hidden = reasons.count - lines.count
        let more = hidden > 0 ? ["and \(Wording.number(hidden)) more such reasons; --all tells them"] : []
        return (lines + more).joined(separator: "\n")
    }

    /// The first of them, and how many more.
    private static func names(_ names: [String]) -> String {
        let more = names.count > 5 ? " and \(Wording.number(names.count - 5)) more" : ""
        return names.prefix(5).joined(separator: ", ") + more
    }

    private func text(_ finding: Finding) -> [String] {
        let age = now.timeIntervalSince(finding.since)
        let since = age >= 1 ? ", for \(Wording.duration(age))" : ""
        return [
            "  \(style.severity(finding.severity)) \(finding.rule)\(since)", "    \(finding.summary)",
            "    next: \(finding.next)",
        ]
    }

    private func text(_ repair: RepairRecord) -> [String] {
        ["  \(word(repair)) (\(repair.rule)): \(repair.detail)"]
    }

    private func word(_ repair: RepairRecord) -> String {
        switch repair.result {
        case .done: "repaired"
        case .planned: "planned"
        case .failed: "repair failed"
        case .givenUp: "given up"
        }
    }

    private var footer: String {
        var lines: [String] = []
        let unreachable = report.servers.filter { !$0.reachable }.map(\.name)
        let names = report.servers.filter(\.reachable).map { "\($0.name) (\($0.version ?? "?"))" }
        if !names.isEmpty { lines.append("servers reachable: \(names.joined(separator: ", "))") }
        if !unreachable.isEmpty { lines.append("servers not reachable: \(unreachable.joined(separator: ", "))") }
        if !report.unprotected.isEmpty {
            let shown = report.unprotected.prefix(5).joined(separator: ", ")
            let more = report.unprotected.count > 5 ? " and \(report.unprotected.count - 5) more" : ""
            lines.append("without a backup: \(shown)\(more)")
        }
        lines += report.channels.map { $0.line(now: now) }
        return lines.joined(separator: "\n")
    }

    private func cell(_ light: Light) -> String {
        guard light.state != .off, let since = light.since, now.timeIntervalSince(since) >= 1 else {
            return light.state.rawValue
        }
        return "\(light.state.rawValue) for \(Wording.duration(now.timeIntervalSince(since)))"
    }

    private func lag(_ lag: Lag) -> String {
        guard let changes = lag.changes else { return "unknown" }
        if changes == 0 { return "none" }
        return Wording.changes(changes) + (lag.seconds.map { ", \(Wording.duration(TimeInterval($0)))" } ?? "")
    }

    private func worst(_ pair: PairReport) -> Light.State {
        // What is told as more than a notice makes the verdict, whatever the lights say.
        if pair.findings.contains(where: \.isProblem) { return .problem }
        return [pair.lights.replicating, pair.lights.verified, pair.lights.restorable].map(\.state)
            .min { rank($0) < rank($1) } ?? .unknown
    }

    private func rank(_ state: Light.State) -> Int {
        switch state {
        case .problem: 0
        case .unknown: 1
        case .ok: 2
        case .off: 3
        }
    }
}
