import Supervision

/// What `couchkeep explain` prints.
package enum RuleText {
    /// All rules, a line each.
    package static func list() -> String {
        let rows = KnownRules.all.map { rule in [rule.name, rule.explanation.title] }
        return TextTable([["RULE", "WHAT IT FINDS"]] + rows).render()
            + "\n\ncouchkeep explain RULE tells all about one.\n"
    }

    /// One rule.
    package static func text(_ rule: any Rule.Type) -> String {
        let explanation = rule.explanation
        var parts = [
            "\(rule.name): \(explanation.title)", paragraph("What happens", explanation.what),
            paragraph("What it means for the backup", explanation.consequence),
            paragraph("How it is found", explanation.evidence), paragraph("What mends it", explanation.repair),
            paragraph("Severity", explanation.severity),
        ]
        if !explanation.sources.isEmpty {
            parts.append(paragraph("Sources", explanation.sources.joined(separator: "; ")))
        }
        return parts.joined(separator: "\n\n") + "\n"
    }

    /// The names of rules that may have been meant by a word that is none: slips first, then names that have its words.
    package static func nearest(to word: String) -> [String] {
        let names = KnownRules.all.map { $0.name }
        let word = word.lowercased()
        let slips = names.map { (name: $0, distance: Spelling.distance(word, $0)) }
            .filter { $0.distance <= max(1, word.count / 4) }
            .sorted { ($0.distance, $0.name) < ($1.distance, $1.name) }.map(\.name)
        let parts = word.split { !$0.isLetter }.filter { $0.count >= 3 }
        let alike = names.filter { name in !parts.isEmpty && parts.allSatisfy { name.contains($0) } }.sorted()
        return Array((slips + alike.filter { !slips.contains($0) }).prefix(3))
    }

    private static func paragraph(_ title: String, _ text: String) -> String {
        title + "\n" + wrapped(text, width: 76).map { "  " + $0 }.joined(separator: "\n")
    }

    private static func wrapped(_ text: String, width: Int) -> [String] {
        var lines: [String] = []
        for word in text.split(separator: " ") {
            if let last = lines.last, last.count + 1 + word.count <= width {
                lines[lines.count - 1] = last + " " + word
            } else {
                lines.append(String(word))
            }
        }
        return lines
    }
}
