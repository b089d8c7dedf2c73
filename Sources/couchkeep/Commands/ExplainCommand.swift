import ArgumentParser
import Service
import Supervision

/// `couchkeep explain`: what findings mean.
struct ExplainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain", abstract: "Explain a finding: what happens, what it means, what mends it.")

    @Argument(help: "The rule's name, such as target-rolled-back; all rules where it is left out.")
    var rule: String?

    func run() throws {
        guard let name = rule else {
            Console.out(RuleText.list())
            return
        }
        guard let found = KnownRules.rule(named: name) else {
            let nearest = RuleText.nearest(to: name)
            let meant = nearest.isEmpty ? "" : "; did you mean \(nearest.joined(separator: " or "))?"
            throw ValidationError(
                "there is no rule \"\(name)\"\(meant.isEmpty ? ";" : meant) couchkeep explain lists all of them")
        }
        Console.out(RuleText.text(found))
    }
}
