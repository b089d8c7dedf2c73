import CouchDB

/// A server does not accept Couchkeep's own login.
package enum CredentialsRejected: ServerRule {
    package static let name = "credentials-rejected"
    package static let explanation = RuleExplanation(
        title: "a server rejects Couchkeep's user or password",
        what:
            "The password was changed, the user was removed, or a token has expired. Replication documents with the same "
            + "credentials fail as well, though a running job may go on until its cookie expires.",
        consequence: "Nothing is known of the pairs on it, and replications may stop within minutes.",
        evidence: "GET _session or GET / answers 401 or 403, or the session has no user although one is configured.",
        repair:
            "Correct the secret in the configuration. Couchkeep then writes the new credentials into its replication "
            + "documents.",
        severity: "critical", sources: ["couch_replicator_auth_session.erl"])

    package static func diagnose(_ situation: ServerSituation) -> Finding? {
        guard situation.observation.secretError == nil else { return nil }
        let errors = [situation.observation.info.error, situation.observation.login.error].compactMap { $0 }
        guard let error = errors.first(where: { $0.code == .unauthorized || $0.code == .forbidden }) else { return nil }
        return finding(
            .critical, situation,
            "\(situation.observation.name) rejects Couchkeep's user or password: \(error.message)",
            evidence: [
                "url": .text(situation.url), "code": .text(error.code.rawValue), "reason": .text(error.reason),
                "pairs": .count(situation.pairs.count),
            ], next: "correct the secret of \(situation.observation.name) in the configuration, then: couchkeep check")
    }
}
