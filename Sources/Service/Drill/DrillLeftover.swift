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
            + "--server SERVER --remove-leftovers, or delete the database.",
        severity: "warning")

    /// What is found of a pair.
    static func finding(_ scratch: StoredScratches.Scratch, pair: String, at now: Date) -> Finding? {
        guard let reason = scratch.reason else { return nil }
        return Finding(
            rule: name, severity: .warning, since: min(scratch.since, now),
            summary: "the scratch database of a drill is still there: \(reason)",
            evidence: ["scratch": .string(scratch.url)],
            next:
                "couchkeep drill \(ShellWord.quoted(pair)) --server \(ShellWord.quoted(scratch.server)) --remove-leftovers"
        )
    }
}
