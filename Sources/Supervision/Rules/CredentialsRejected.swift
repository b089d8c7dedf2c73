import CouchDB

/// A server does not accept Couchkeep's own login.
package enum CredentialsRejected: ServerRule {
    package static let name = "credentials-rejected"
    package static let explanation = RuleExplanation(
        title: "a server rejects Couchkeep's user or password",
        what:
            "The password was changed, the user was removed, or a token has expired. Replication documents with the same "
            + "credentials fail as well, though a running job may go on until its cookie expires. CouchDB from 3.4 on also "
            + "locks a user at an address for some minutes after several logins with a wrong password "
            + "([chttpd_auth_lockout]), whoever made them; whether Couchkeep's own is right it does not say then.",
        consequence: "Nothing is known of the pairs on it, and replications may stop within minutes.",
        evidence: "GET _session or GET / answers 401 or 403, or the session has no user although one is configured. "
            + "A 403 that says that the account is temporarily locked is a lock.",
        repair:
            "Correct the secret in the configuration. Couchkeep then writes the new credentials into its replication "
            + "documents, also while their old ones keep the account locked. Of a locked account find who logs in with a "
            + "wrong password from the same address, often a replication document with an old one; the lock ends by itself.",
        severity: "critical", sources: ["couch_replicator_auth_session.erl", "couch_auth_lockout.erl"])

    package static func diagnose(_ situation: ServerSituation) -> Finding? {
        guard let error = refusal(situation.observation) else { return nil }
        let name = situation.observation.name
        let isLocked = error.isAccountLocked
        let what =
            isLocked
            ? "has locked the account of Couchkeep's user for some minutes, since \(AccountLock.reason)"
            : "rejects Couchkeep's user or password"
        return finding(
            .critical, situation, "\(name) \(what): \(error.message)",
            evidence: [
                "url": .text(situation.url), "code": .text(error.code.rawValue), "reason": .text(error.reason),
                "cause": isLocked ? .text(CrashCause.accountLocked.rawValue) : nil,
                "rejectedBefore": isLocked ? .time(situation.memory.secretRejected) : nil,
                "pairs": .count(situation.pairs.count),
            ], next: isLocked ? unlocking(situation) : "\(correction(name)), then: couchkeep check")
    }

    /// Why the server lets nobody in; nil where it does, or where that is not known.
    static func refusal(_ observation: ServerObservation) -> CouchError? {
        guard observation.secretError == nil else { return nil }
        let errors = [observation.info.error, observation.login.error].compactMap { $0 }
        if let error = errors.first(where: \.isRejection) { return error }
        // The lock may come between two requests.
        return observation.databaseNames.error.flatMap { $0.isAccountLocked ? $0 : nil }
    }

    private static func correction(_ name: String) -> String { "correct the secret of \(name) in the configuration" }

    /// A lock hides whether the secret is right: where it was not before, Couchkeep itself may have brought it about.
    private static func unlocking(_ situation: ServerSituation) -> String {
        guard situation.memory.secretRejected != nil else { return AccountLock.remedy }
        return "\(correction(situation.observation.name)), which was rejected before the lock; \(AccountLock.end)"
    }
}
