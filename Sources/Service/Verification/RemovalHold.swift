import Supervision

/// Why nothing that only a backup has may be removed from it: the last check says that it may be the only copy.
package struct RemovalHold: Error, Sendable, Hashable, CustomStringConvertible {
    /// The pair's name.
    package let pair: String
    /// What the last check has found, of the pair or of one of its servers.
    package let finding: Finding

    /// - Parameter key: the pair's, as in ``PairReport/key``.
    /// - Returns: nil where the report, if there is one, has nothing against it.
    package init?(_ key: String, in report: Report?) {
        guard let report, let pair = report.pairs.first(where: { $0.key == key }) else { return nil }
        self.init(pair, in: report)
    }

    /// - Parameter pair: one of the report's.
    init?(_ pair: PairReport, in report: Report) {
        let own = pair.findings.first { OnlyCopy.rules.contains($0.rule) }
        guard let finding = own ?? report.replacedServer(of: pair) else { return nil }
        (self.pair, self.finding) = (pair.pair, finding)
    }

    package var description: String {
        "nothing is removed from the backup of \(pair), which may be the only copy: the last check says \(finding.rule): "
            + "\(finding.summary). See couchkeep explain \(finding.rule); once a check finds no such thing any more, it can be "
            + "done. \(finding.next)"
    }
}

extension Report {
    /// What says that one of a pair's servers is another one than before; nil where both are known to be the same.
    func replacedServer(of pair: PairReport) -> Finding? {
        servers.filter { server in [pair.source, pair.target].contains { $0.hasPrefix(server.url + "/") } }
            .lazy.flatMap(\.findings).first { $0.rule == ServerReplaced.name }
    }
}
