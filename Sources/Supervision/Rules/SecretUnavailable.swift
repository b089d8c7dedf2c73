import CouchDB
import Secrets

/// A secret that Couchkeep needs for a server can't be read, so it can't log in.
package enum SecretUnavailable: ServerRule {
    package static let name = "secret-unavailable"
    package static let explanation = RuleExplanation(
        title: "a server's password, token or certificates can't be read",
        what:
            "The file, environment variable or command that the configuration names for a secret of this server gives none, "
            + "or the file of certificates by which it is to be trusted (ca_file) can't be used. "
            + "Replications go on by themselves with the credentials in their documents.",
        consequence: "Nothing is known of the pairs on it. Those of other servers are checked as ever.",
        evidence: "The secret's place and what came of reading it.",
        repair:
            "None by Couchkeep. Put the secret in its place, readable by the user who runs Couchkeep alone, then: couchkeep "
            + "config check",
        severity: "critical")

    package static func diagnose(_ situation: ServerSituation) -> Finding? {
        guard let error = situation.observation.secretError else { return nil }
        return finding(
            .critical, situation, "Couchkeep can't log in to \(situation.observation.name): \(error.message)",
            evidence: [
                "url": .text(situation.url), "code": .text(error.code.rawValue),
                "pairs": .count(situation.pairs.count),
            ], next: error.nextStep)
    }
}
