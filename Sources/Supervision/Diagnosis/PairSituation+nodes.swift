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

    /// Whether so many nodes of a side's cluster are away that what was seen of it before may be with them alone.
    ///
    /// As long as a quorum of each shard's copies is left (n/2 + 1, mem3:quorum/1), what was acknowledged is on one of them.
    /// With one copy of each shard, a database that answers has them all.
    func mayLackCopies(_ side: RollbackEvidence.Side) -> Bool {
        let (info, before) =
            side == .source
            ? (observation.source.info, memory.sourceCounts) : (observation.target.info, memory.targetCounts)
        guard let counts = CopyCounts(n: info?.n ?? before?.copies, w: nil),
            let nodes = nodesAway(at: server(of: side))
        else { return false }
        return counts.copies - min(counts.copies, ClusterNodesAway.nodes(in: nodes).count) < counts.quorum
    }

    /// Whether that holds for either side.
    var eitherMayLackCopies: Bool { mayLackCopies(.source) || mayLackCopies(.target) }

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

    /// Why what a side lacks says nothing now, in words.
    func absence(at side: RollbackEvidence.Side) -> String {
        let names = nodesAway(at: server(of: side)).map {
            " (\(ClusterNodesAway.listed(ClusterNodesAway.nodes(in: $0))))"
        }
        return "nodes of \(server(of: side)) are away\(names ?? ""), and what it lacks may be with them"
    }

    private func server(of side: RollbackEvidence.Side) -> String {
        side == .source ? pair.source.server : pair.target.server
    }
}
