import CouchDB

extension PairSituation {
    /// The finding that nodes of a server's cluster are away; nil where none is, or nobody tells.
    func nodesAway(at server: String) -> Finding? {
        let findings = server == pair.source.server ? sourceServerFindings : targetServerFindings
        return findings.first { $0.rule == ClusterNodesAway.name }
    }

    /// That finding, where it may be why a server did not answer as it should.
    func nodesAway(at server: String, explaining error: CouchError) -> Finding? {
        let codes: Set<CouchError.Code> = [.serverError, .timeout, .unreachable]
        return error.isNodeAway || codes.contains(error.code) ? nodesAway(at: server) : nil
    }

    /// Whether so many copies of a side's shards are away that what was acknowledged may be with them alone.
    func mayLackCopies(_ side: RollbackEvidence.Side) -> Bool { nodesAway(of: side)?.mayHideWrites ?? false }

    /// Whether what a side shows now is on as many copies as acknowledge a write: what is on fewer may be out of sight later
    /// with nothing lost, so it is not remembered.
    func isWhole(_ side: RollbackEvidence.Side) -> Bool {
        !hasReturned(side) && nodesAway(of: side).map { !$0.mayHideWrites && !$0.missesQuorum } ?? true
    }

    /// Whether nodes with copies of a side are back that were away in the last pass: they may not have got all yet that they
    /// have missed.
    func hasReturned(_ side: RollbackEvidence.Side) -> Bool {
        let before = side == .source ? memory.sourceNodesAway : memory.targetNodesAway
        return !Set(before?.nodes ?? []).isSubset(of: nodesAway(of: side)?.nodes ?? [])
    }

    /// Whether what a rule would tell of a side for the first time may be over with the nodes that are away, or have only just
    /// come back.
    func mayPass(_ rule: String, _ side: RollbackEvidence.Side) -> Bool {
        doubt(about: side) != nil || (hasReturned(side) && memory.since(rule) == nil)
    }

    /// What a side seems to be while nodes are away that may have what it seems to have lost, in words; nil where it is as it
    /// was, or where that was told before they went.
    func doubt(about side: RollbackEvidence.Side) -> String? {
        guard mayLackCopies(side) else { return nil }
        let isSource = side == .source
        let seen = isSource ? memory.sourceSeen : memory.targetSeen
        let found: (what: String, rule: String)
        if seen != nil, (isSource ? observation.source : observation.target) == .missing {
            found = ("does not exist", isSource ? SourceMissing.name : TargetMissing.name)
        } else if isSource ? isSourceOther : isTargetOther {
            found = ("is not the database that it was", isSource ? SourceReplaced.name : TargetReplaced.name)
        } else if RollbackEvidence(side, in: self).shown != nil {
            found = ("is in an older state", isSource ? SourceRolledBack.name : TargetRolledBack.name)
        } else {
            return nil
        }
        guard memory.since(found.rule) == nil else { return nil }
        return "it seems that the \(side.rawValue) \(found.what), but " + absence(at: side)
    }

    /// Whether a side is another database than the one remembered, as far as its server tells.
    var isSourceOther: Bool { Self.differ(memory.sourceIdentity, observation.sourceIdentity) }
    var isTargetOther: Bool { Self.differ(memory.targetIdentity, observation.targetIdentity) }

    private static func differ(_ before: String?, _ now: String?) -> Bool {
        guard let before, let now else { return false }
        return before != now
    }

    /// That nothing is remembered of a side with which a later look could be compared, in words; nil where something is.
    func unremembered(_ side: RollbackEvidence.Side) -> String? {
        let (info, counts) =
            side == .source
            ? (observation.source.info, memory.sourceCounts) : (observation.target.info, memory.targetCounts)
        guard info != nil, counts == nil, nodesAway(of: side) != nil, !isWhole(side) else { return nil }
        return "the \(side.rawValue) was never seen whole, so what it may lack can't be known: " + absence(at: side)
    }

    /// Why what a side lacks says nothing now, in words.
    func absence(at side: RollbackEvidence.Side) -> String {
        let names = nodesAway(of: side).map { " (\(NodesAway.listed($0.nodes)))" } ?? ""
        return "nodes of \(server(of: side)) are away\(names), and what it lacks may be with them"
    }

    private func nodesAway(of side: RollbackEvidence.Side) -> NodesAway? {
        side == .source ? observation.sourceNodesAway : observation.targetNodesAway
    }

    private func server(of side: RollbackEvidence.Side) -> String {
        side == .source ? pair.source.server : pair.target.server
    }
}
