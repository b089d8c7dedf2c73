import CouchDB

/// Several sources would share one target, or the configuration makes one pair twice.
package enum PairsConflict: ServerRule {
    package static let name = "pairs-conflict"
    package static let explanation = RuleExplanation(
        title: "the configuration would back up several databases into one",
        what:
            "Patterns, names and rename: together lead two databases to one target, or make one pair twice. This can begin "
            + "when a database is created, since patterns pick up new ones. Or rename: makes a name such as team/_replicator, "
            + "whose documents CouchDB would run as replications.",
        consequence:
            "The databases named have no backup, but the one whose backup the target was before; where it was nobody's, or that "
            + "of several, none has. All other pairs are supervised as ever.",
        evidence: "The pairs that the configuration makes of the databases that exist now.",
        repair: "Give each database a target of its own with rename: or source: and target:, or exclude one of them.",
        severity: "critical")

    package static func diagnose(_ situation: ServerSituation) -> Finding? {
        guard !situation.conflicts.isEmpty else { return nil }
        let shown = situation.conflicts.prefix(3).joined(separator: "; ")
        let more = situation.conflicts.count > 3 ? " and \(situation.conflicts.count - 3) more" : ""
        return finding(
            .critical, situation, "\(shown)\(more)", evidence: ["conflicts": .texts(situation.conflicts.prefix(100))],
            next: "give each database a target of its own, or exclude one of them in the configuration")
    }
}
