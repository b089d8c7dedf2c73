import CouchDB
import Foundation
import Supervision

/// The scratch database of a drill is still there.
package enum DrillLeftover: Rule {
    package static let name = "drill-leftover"
    package static let explanation = RuleExplanation(
        title: "the scratch database of a drill could not be removed",
        what:
            "A check has rehearsed a restore into a scratch database, as drill: in the configuration wants, and its server did "
            + "not remove it behind the drill.",
        consequence: "None for the backup. A copy of it takes up room on that server, and can be read by its admins.",
        evidence: "The scratch that the check has noted before it made it, and the server's answer.",
        repair:
            "Each check tries again, also where an earlier one was killed in the middle of a drill. By hand: couchkeep drill PAIR "
            + "--server SERVER --remove-leftovers, or delete the database. One on a server that the configuration does not have "
            + "at its address any more is told until couchkeep check --adopt says that you have seen to it.",
        severity: "warning")

    /// Who is told of one.
    enum Subject: Sendable, Hashable {
        case pair(String)
        case server(String)

        var name: String {
            switch self {
            case .pair(let name), .server(let name): name
            }
        }
    }

    /// - Parameters:
    ///   - pair: the pair whose drill removes it.
    ///   - server: what the configuration calls its server now; nil where it has none any more that can be asked for it.
    static func finding(_ scratch: StoredScratches.Scratch, pair: String, server: String?, at now: Date) -> Finding? {
        guard let reason = scratch.reason else { return nil }
        let next =
            server.map {
                "see to it that the user of \($0) may log in and delete databases there, also past a proxy; each check tries again, "
                    + "and at once: couchkeep drill \(ShellWord.quoted(pair)) --server \(ShellWord.quoted($0)) --remove-leftovers"
            } ?? "delete it there, then: couchkeep check --adopt --only \(ShellWord.quoted(scratch.url))"
        return Finding(
            rule: name, severity: .warning, since: min(scratch.since, now),
            summary: "the scratch database of a drill is still there: \(reason)",
            evidence: ["scratch": .string(scratch.url), "backup": .string(scratch.backup)], next: next)
    }
}

extension Report {
    /// Who is told of a scratch database: its pair, or its server where that is no pair any more; the first pair where
    /// neither is in the report.
    func subject(of scratch: StoredScratches.Scratch) -> DrillLeftover.Subject? {
        let watched = pairs.lazy.filter { $0.mode != .off }
        if let pair = watched.first(where: { $0.target == scratch.backup }) { return .pair(pair.pair) }
        if servers.contains(where: { $0.name == scratch.server }) { return .server(scratch.server) }
        return watched.first.map { .pair($0.pair) }
    }

    /// What is found of scratch databases. One of each is enough: the next step removes all.
    func leftovers(_ known: DrillEvidence, at now: Date) -> [DrillLeftover.Subject: Finding] {
        var findings: [DrillLeftover.Subject: Finding] = [:]
        for scratch in known.scratches {
            guard scratch.reason != nil, let subject = subject(of: scratch), findings[subject] == nil else { continue }
            let pair: String? = if case .pair(let name) = subject { name } else { pairs.first?.pair }
            findings[subject] = DrillLeftover.finding(
                scratch, pair: pair ?? scratch.backup, server: known.places[scratch.url], at: now)
        }
        return findings
    }
}
