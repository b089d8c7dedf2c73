import Supervision

/// A backup was not rehearsed although its turn has come.
package enum DrillOverdue: Rule {
    package static let name = "drill-overdue"
    package static let explanation = RuleExplanation(
        title: "a drill that is due came to no verdict, or was not made",
        what:
            "drill: in the configuration says how often a restore of each backup is rehearsed. The last drill with a verdict is "
            + "older than that, and later ones came to none, such as since the server for the scratch did not answer; or "
            + "none was made.",
        consequence: "Whether the backup can be restored is not known for now, or soon will not be.",
        evidence: "The time of the last drill with a verdict, and why later ones came to none.",
        repair:
            "Each check tries again, after growing pauses, and as far as its time goes (drill.budget). "
            + "By hand: couchkeep drill PAIR.",
        severity:
            "notice until the last drill is older than the light Restorable takes for good (the interval, and a quarter of it "
            + "as grace), then warning")
}
