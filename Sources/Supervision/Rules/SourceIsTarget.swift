import CouchDB

/// Source and target are one database.
package enum SourceIsTarget: PairRule {
    package static let name = "source-is-target"
    package static let explanation = RuleExplanation(
        title: "source and target are the same database",
        what: "Two addresses of the configuration lead to one server, and the pair has the same database on both.",
        consequence: "There is no backup, though replication reports that it has caught up.",
        evidence:
            "Both addresses answer with the same uuid (before 1.3: are the same, or have opened the database in the same "
            + "microsecond), and both databases have the same name, identity and sequence.",
        repair: "None by Couchkeep. Correct the addresses in the configuration.",
        severity: "critical")

    package static func diagnose(_ situation: PairSituation) -> Finding? {
        let pair = situation.pair
        guard pair.source.database == pair.target.database, let (source, target) = situation.bothDatabases,
            let sourceServer = situation.observation.sourceServer.value,
            let targetServer = situation.observation.targetServer.value,
            isSameServer(sourceServer, targetServer, situation) || haveOpenedTogether(source, target, situation)
        else { return nil }
        // A cloned machine has the same uuid; its databases go their own ways. Two looks at one busy database differ a little.
        guard source.instanceStartTime == target.instanceStartTime,
            isNear(source.documentCount, target.documentCount),
            isNear(source.updateSequence.displayNumber ?? 0, target.updateSequence.displayNumber ?? 0)
        else { return nil }
        return finding(
            .critical, situation, "source and target are the same database, so there is no backup",
            evidence: [
                "uuid": .text(sourceServer.uuid), "database": .text(pair.source.database),
                "instanceStartTime": .text(source.instanceStartTime),
            ],
            next: "correct the addresses of \(pair.source.server) and \(pair.target.server) in the configuration")
    }

    private static func isNear(_ left: Int, _ right: Int) -> Bool { abs(left - right) <= max(left, right) / 50 }

    private static func isSameServer(_ source: ServerInfo, _ target: ServerInfo, _ situation: PairSituation) -> Bool {
        guard let uuid = source.uuid ?? target.uuid else {
            return !situation.desired.sourceAliases.isDisjoint(with: situation.desired.targetAliases)
        }
        return source.uuid == uuid && target.uuid == uuid
    }

    /// Before 1.3 servers have no uuid, but tell to the microsecond when they opened a file: two never do so together.
    private static func haveOpenedTogether(
        _ source: DatabaseInfo, _ target: DatabaseInfo, _ situation: PairSituation
    ) -> Bool {
        let servers = [situation.observation.sourceServer.value, situation.observation.targetServer.value]
        guard servers.allSatisfy({ $0.map { $0.uuid == nil && $0.version < ServerVersion(1, 3) } ?? false }),
            let opened = source.instanceStartTime, opened != "0"
        else { return false }
        return opened == target.instanceStartTime
    }
}
