import CouchDB

/// Something could not be observed, so the pair is not known to be well.
package enum Blind: PairRule {
    package static let name = "blind"
    package static let explanation = RuleExplanation(
        title: "something could not be observed, so nothing good can be said",
        what:
            "A server did not answer, a right is missing, a node of the cluster is down, or the lag can't be counted.",
        consequence: "The backup may be well or not. Couchkeep never shows as good what it could not see.",
        evidence: "The request that failed and its error.",
        repair:
            "Repairs that need the missing fact are not done. Give Couchkeep's user the rights of a server admin where it is "
            + "refused; _scheduler, _replicator and _active_tasks need them.",
        severity: "warning, shown as unknown",
        sources: ["couch_replicator_httpd.erl: nodes that do not answer are left out"])

    package static func diagnose(_ situation: PairSituation) -> Finding? {
        var unseen: [(what: String, error: CouchError)] = []
        let observation = situation.observation
        if case .unknown(let error) = observation.source { unseen.append(("the source", error)) }
        if case .unknown(let error) = observation.target { unseen.append(("the target", error)) }
        if case .unknown(let error) = observation.replication { unseen.append(("the replications", error)) }
        let isExpected = situation.replication.map { !$0.documents.isEmpty || $0.isRunning } ?? false
        if case .unknown(let error) = observation.progress, unseen.isEmpty, isExpected, situation.bothDatabases != nil {
            unseen.append(("the lag", error))
        }
        if case .known(let progress) = observation.progress, progress.pending == nil, unseen.isEmpty, isExpected {
            unseen.append(("the lag", CouchError(.malformedAnswer, "the source does not say how many changes wait")))
        }
        guard !unseen.isEmpty else { return nil }
        let what = unseen.map(\.what).joined(separator: " and ")
        return finding(
            .warning, situation, "\(what) could not be looked at: \(unseen[0].error.message)",
            evidence: [
                "unseen": .texts(unseen.map { "\($0.what): \($0.error)" }),
                "code": .text(unseen[0].error.code.rawValue),
            ],
            next: step(after: unseen[0].error),
            cause: situation.serverCause(ServerUnreachable.name, SecretUnavailable.name, CredentialsRejected.name))
    }

    private static func step(after error: CouchError) -> String {
        if error.isAccountLocked { return AccountLock.remedy }
        return error.isRejection
            ? "give Couchkeep's user the rights of a server admin, or correct its password" : "couchkeep explain blind"
    }
}
