import Foundation

/// One failure mode: when it is the case, what it means, and what mends it.
///
/// A rule decides from what was observed and what is remembered, without any I/O, so each can be tested on its own.
package protocol Rule: Sendable {
    /// The stable name, such as `target-rolled-back`.
    static var name: String { get }
    /// What `couchkeep explain` prints.
    static var explanation: RuleExplanation { get }
}

/// A rule about one pair.
package protocol PairRule: Rule {
    /// Returns the finding where this rule's failure is the case.
    static func diagnose(_ situation: PairSituation) -> Finding?
    /// Returns what mends it; nil where only people can.
    static func repair(_ finding: Finding, in situation: PairSituation) -> RepairAction?
}

/// A rule about one server.
package protocol ServerRule: Rule {
    /// Returns the finding where this rule's failure is the case.
    static func diagnose(_ situation: ServerSituation) -> Finding?
}

/// The text that `couchkeep explain` prints of a rule.
package struct RuleExplanation: Sendable {
    /// The failure in one line.
    package var title: String
    /// What happens, and what CouchDB shows meanwhile.
    package var what: String
    /// What it means for the backup.
    package var consequence: String
    /// What it is concluded from.
    package var evidence: String
    /// What Couchkeep does, and what people have to do.
    package var repair: String
    /// How bad it is.
    package var severity: String
    /// Where the facts come from.
    package var sources: [String]

    package init(
        title: String, what: String, consequence: String, evidence: String, repair: String, severity: String,
        sources: [String] = []
    ) {
        self.title = title
        self.what = what
        self.consequence = consequence
        self.evidence = evidence
        self.repair = repair
        self.severity = severity
        self.sources = sources
    }
}

extension PairRule {
    package static func repair(_ finding: Finding, in situation: PairSituation) -> RepairAction? { nil }

    /// Makes this rule's finding; it began when it was first seen in an unbroken row of passes.
    static func finding(
        _ severity: Finding.Severity, _ situation: PairSituation, _ summary: String,
        evidence: Evidence = [:], next: String? = nil, cause: String? = nil
    ) -> Finding {
        Finding(
            rule: name, severity: severity, since: situation.memory.since(name) ?? situation.now, summary: summary,
            evidence: evidence.compactMapValues { $0 },
            next: AdoptionStep.naming(
                situation.pair.name, in: step(next ?? "couchkeep explain \(name)", in: situation.pair.mode)),
            cause: cause)
    }

    /// A pair that is only watched is repaired by nobody, so a check alone is no next step.
    private static func step(_ next: String, in mode: Pair.Mode) -> String {
        mode == .watch && next.hasPrefix("couchkeep check") ? "set mode: manage for the pair, then: \(next)" : next
    }
}

extension ServerRule {
    /// Makes this rule's finding.
    static func finding(
        _ severity: Finding.Severity, _ situation: ServerSituation, _ summary: String,
        evidence: Evidence = [:], next: String? = nil
    ) -> Finding {
        Finding(
            rule: name, severity: severity, since: situation.memory.findingsSince[name] ?? situation.now,
            summary: summary, evidence: evidence.compactMapValues { $0 },
            next: AdoptionStep.naming(situation.observation.name, in: next ?? "couchkeep explain \(name)"))
    }
}
