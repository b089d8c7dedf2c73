import Supervision

/// A rehearsed restore did not bring back what was backed up.
package enum DrillFailed: Rule {
    package static let name = "drill-failed"
    package static let explanation = RuleExplanation(
        title: "a rehearsed restore differs from the backup",
        what:
            "couchkeep drill restored the backup into a scratch database or into memory, compared the content of every leaf "
            + "revision, and found something that did not come back as it was, or a vault that is damaged.",
        consequence: "A restore from this backup would lose something. The source may still have it.",
        evidence: "The documents that differ, with the reason, and when, from where and to where was restored.",
        repair:
            "None by Couchkeep. Look at the vault: couchkeep vault check --read-data; make a new backup into another vault, "
            + "or put the vault's folder back from a copy; then rehearse again. The finding ends with a drill that is equal.",
        severity: "critical")
}
