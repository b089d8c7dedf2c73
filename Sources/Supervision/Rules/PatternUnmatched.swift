import CouchDB

/// A pattern of the configuration matches no database.
package enum PatternUnmatched: ServerRule {
    package static let name = "pattern-unmatched"
    package static let explanation = RuleExplanation(
        title: "a pattern of the configuration matches no database",
        what:
            "A glob under databases: fits none of the source's databases. It may be misspelled, or the databases are gone.",
        consequence: "What it was meant to cover has no backup.",
        evidence: "_all_dbs of the source.",
        repair: "Correct the pattern, or take it out of the configuration.",
        severity: "warning")

    package static func diagnose(_ situation: ServerSituation) -> Finding? {
        guard !situation.unmatched.isEmpty else { return nil }
        let patterns = Set(situation.unmatched).sorted()
        let quoted = patterns.map { "\"\($0)\"" }.joined(separator: ", ")
        return finding(
            .warning, situation, "\(quoted) matches no database on \(situation.observation.name)",
            evidence: ["patterns": .texts(patterns)], next: "correct the pattern in the configuration")
    }
}
