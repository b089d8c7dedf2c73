import Supervision
import Testing

@testable import Service

/// What `couchkeep explain` prints.
@Suite struct RuleTextTests {
    @Test func theListNamesEachRuleOnce() {
        let list = RuleText.list()
        for rule in RuleCatalogue.all {
            let lines = list.split(separator: "\n").filter { $0.hasPrefix(rule.name + " ") }
            #expect(lines.count == 1, "\(rule.name)")
        }
    }

    @Test(arguments: [
        ("target-roled-back", ["target-rolled-back"]), ("Writes-Refused", ["writes-refused"]),
        ("rolled-back", ["source-rolled-back", "target-rolled-back"]), ("blnd", ["blind"]),
        ("replication", ["replication-altered", "replication-behind", "replication-completed"]),
        ("xyzzy", []), ("", []), ("-", []),
    ])
    func theNearestNames(word: String, names: [String]) {
        #expect(RuleText.nearest(to: word) == names)
    }

    @Test func eachRuleIsExplainedInFull() {
        #expect(RuleCatalogue.all.count >= 25)
        for rule in RuleCatalogue.all {
            let text = RuleText.text(rule)
            #expect(text.hasPrefix("\(rule.name): \(rule.explanation.title)\n"))
            for title in [
                "What happens", "What it means for the backup", "How it is found", "What mends it", "Severity",
            ] {
                #expect(text.contains("\n\(title)\n  "), "\(rule.name): \(title)")
            }
            let lines = text.split(separator: "\n").map(String.init)
            #expect(lines.dropFirst().allSatisfy { $0.count <= 80 }, "\(rule.name)")
            let words = text.split { $0.isWhitespace }.map(String.init)
            let wanted = rule.explanation.what.split(separator: " ").map(String.init)
            // No word is lost by wrapping.
            #expect(words.joined(separator: " ").contains(wanted.joined(separator: " ")), "\(rule.name)")
        }
    }
}
