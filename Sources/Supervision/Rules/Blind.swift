import CouchDB

/// Something could not be observed, so the pair is not known to be well.
package enum Blind: PairRule {
    package static let name = "blind"
    package static let explanation = RuleExplanation(
        title: "something could not be observed, so nothing good can be said",
        what:
            "A server did not answer, a right is missing, a node of the cluster is down, or the lag can't be counted.",
        consequence: "The backup may be well or not. Couchkeep never shows as good what it could not see.",
        evidence:
            "The request that failed and its error. Or that a side seems to be missing, in an older state, or another database, while so "
            + "many nodes of its cluster are away that they may have what it lacks. Or that it was never seen with as many "
            + "copies of each shard as acknowledge a write.",
        repair:
            "Repairs that need the missing fact are not done. Give Couchkeep's user the rights of a server admin where it is "
            + "refused; _scheduler, _replicator and _active_tasks need them.",
        severity: "warning, shown as unknown",
        sources: ["couch_replicator_httpd.erl: nodes that do not answer are left out"])

    package static func diagnose(_ situation: PairSituation) -> Finding? {
        var unseen: [(what: String, server: String, error: CouchError)] = []
        let (observation, pair) = (situation.observation, situation.pair)
        if case .unknown(let error) = observation.source { unseen.append(("the source", pair.source.server, error)) }
        if case .unknown(let error) = observation.target { unseen.append(("the target", pair.target.server, error)) }
        if case .unknown(let error) = observation.replication {
            unseen.append(("the replications", pair.coordinator, error))
        }
        let isExpected = situation.replication.map { !$0.documents.isEmpty || $0.isRunning } ?? false
        if case .unknown(let error) = observation.progress, unseen.isEmpty, isExpected, situation.bothDatabases != nil {
            unseen.append(("the lag", pair.source.server, error))
        }
        if case .known(let progress) = observation.progress, progress.pending == nil, unseen.isEmpty, isExpected {
            unseen.append(
                (
                    "the lag", pair.source.server,
                    CouchError(.malformedAnswer, "the source does not say how many changes wait")
                ))
        }
        guard let first = unseen.first else { return doubted(situation) }
        let what = unseen.map(\.what).joined(separator: " and ")
        let nodes = situation.nodesAway(at: first.server, explaining: first.error)
        return finding(
            .warning, situation, "\(what) could not be looked at: \(first.error.message)",
            evidence: [
                "unseen": .texts(unseen.map { "\($0.what): \($0.error)" }),
                "code": .text(first.error.code.rawValue),
            ],
            next: step(after: first.error, nodes),
            cause: situation.serverCause(ServerUnreachable.name, SecretUnavailable.name, CredentialsRejected.name)
                ?? nodes.map { Finding.fingerprint(rule: $0.rule, subject: first.server) })
    }

    /// A side was looked at, and nodes that are away may have what it seems to have lost, or ever had.
    private static func doubted(_ situation: PairSituation) -> Finding? {
        let pair = situation.pair
        let doubts = [(RollbackEvidence.Side.source, pair.source.server), (.target, pair.target.server)].compactMap {
            side, server in
            (situation.doubt(about: side) ?? situation.unremembered(side)).map { (what: $0, server: server) }
        }
        guard let first = doubts.first else { return nil }
        let nodes = situation.nodesAway(at: first.server)
        return finding(
            .warning, situation, doubts.map(\.what).joined(separator: "; "),
            evidence: ["unseen": .texts(doubts.map(\.what)), "code": .text(nodes?.rule)], next: nodes?.next,
            cause: nodes.map { Finding.fingerprint(rule: $0.rule, subject: first.server) })
    }

    /// - Parameter nodes: the finding of nodes that are away, where they may be why.
    private static func step(after error: CouchError, _ nodes: Finding?) -> String {
        if error.isAccountLocked { return AccountLock.remedy }
        if error.isRejection {
            return "give Couchkeep's user the rights of a server admin, or correct its password"
        }
        // Which nodes they are may be told to admins alone.
        return nodes?.next ?? "couchkeep explain \(error.isNodeAway ? ClusterNodesAway.name : name)"
    }
}
