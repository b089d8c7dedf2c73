import CouchDB

/// A server does not answer, or what answers is not CouchDB.
package enum ServerUnreachable: ServerRule {
    package static let name = "server-unreachable"
    package static let explanation = RuleExplanation(
        title: "a server can't be reached",
        what:
            "Nothing answers at its address, the name can't be resolved, TLS fails, or something else than CouchDB answers.",
        consequence:
            "Nothing is known of the pairs on it. If it is a source, new changes may not be backed up; if it is a target, "
            + "there is no backup to restore from until it is back.",
        evidence: "GET / failed after the configured number of tries.",
        repair:
            "None by Couchkeep. Jobs go on by themselves when the server is back; Couchkeep starts those that CouchDB lets "
            + "wait for long.",
        severity: "critical")

    package static func diagnose(_ situation: ServerSituation) -> Finding? {
        guard let error = situation.observation.info.error, error.code != .unauthorized, error.code != .forbidden
        else { return nil }
        return finding(
            .critical, situation, "\(situation.observation.name) can't be reached: \(error.message)",
            evidence: [
                "url": .text(situation.url), "code": .text(error.code.rawValue), "error": .text(error.description),
                "lastReachable": .time(situation.memory.lastReachable), "pairs": .count(situation.pairs.count),
            ], next: situation.curl("/"))
    }
}
