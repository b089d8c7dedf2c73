import CouchDB

extension PairSituation {
    /// The finding that nodes of a side's cluster are away; nil where none is, or nobody tells.
    func nodesAway(at server: String) -> Finding? {
        let findings = server == pair.source.server ? sourceServerFindings : targetServerFindings
        return findings.first { $0.rule == ClusterNodesAway.name }
    }

    /// That finding, where it may be why a server did not answer as it should.
    func nodesAway(at server: String, explaining error: CouchError) -> Finding? {
        let codes: Set<CouchError.Code> = [.serverError, .timeout, .unreachable]
        return error.isNodeAway || codes.contains(error.code) ? nodesAway(at: server) : nil
    }
}
