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

    /// Whether that holds for either side.
    var eitherMayLackCopies: Bool { mayLackCopies(.source) || mayLackCopies(.target) }

    /// Whether what a side shows now is on as many copies as acknowledge a write: what is on fewer may be out of sight later
    /// with nothing lost, so it is not remembered.
    func isWhole(_ side: RollbackEvidence.Side) -> Bool {
        nodesAway(of: side).map { !$0.mayHideWrites && !$0.missesQuorum } ?? true
    }

    /// What a side seems to be while nodes are away that may have what it seems to have lost, in words; nil where it is as it
    /// was, or where that was told before they went.
    func doubt(about side: RollbackEvidence.Side) -> String? {
        let told = side == .source ? [SourceRolledBack.name] : [TargetRolledBack.name, TargetReplaced.name]
        guard mayLackCopies(side), !told.contains(where: { memory.latches[$0] != nil }) else { return nil }
        let (before, now) =
            side == .source
            ? (memory.sourceIdentity, observation.sourceIdentity) : (memory.targetIdentity, observation.targetIdentity)
        let isOther = before.map { $0 != now ?? $0 } ?? false
        guard isOther || RollbackEvidence(side, in: self).shown != nil else { return nil }
        let what = isOther ? "is not the database that it was" : "is in an older state"
        return "it seems that the \(side.rawValue) \(what), but " + absence(at: side)
    }

    /// That nothing is remembered of a side with which a later look could be compared, in words; nil where something is.
    func unremembered(_ side: RollbackEvidence.Side) -> String? {
        let (info, seen) =
            side == .source
            ? (observation.source.info, memory.sourceSeen) : (observation.target.info, memory.targetSeen)
        guard info != nil, seen == nil, !isWhole(side) else { return nil }
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
