import CouchDB

/// A source has databases that no pair covers.
package enum DatabaseUnprotected: ServerRule {
    package static let name = "database-unprotected"
    package static let explanation = RuleExplanation(
        title: "a database has no backup",
        what:
            "The source has databases that no pair of the configuration covers: new ones, or ones that were forgotten.",
        consequence: "They are not backed up at all.",
        evidence: "_all_dbs of each source, less the databases of all pairs and those that the configuration ignores.",
        repair: "Add them to a pair, use a glob such as \"*\", or list them under unprotected as to be ignored.",
        severity: "notice")

    package static func diagnose(_ situation: ServerSituation) -> Finding? {
        guard !situation.unprotected.isEmpty else { return nil }
        let names = situation.unprotected.sorted()
        let shown = names.prefix(5).joined(separator: ", ") + (names.count > 5 ? " and \(names.count - 5) more" : "")
        return finding(
            .notice, situation,
            "\(Wording.counted(names.count, "database")) on \(situation.observation.name) \(names.count == 1 ? "has" : "have") no backup: \(shown)",
            evidence: ["databases": .texts(names.prefix(100)), "count": .count(names.count)],
            next: "add them to a pair in the configuration")
    }
}
