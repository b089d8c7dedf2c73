import CouchDB

/// The target database does not exist.
package enum TargetMissing: PairRule {
    package static let name = "target-missing"
    package static let explanation = RuleExplanation(
        title: "the target database does not exist",
        what:
            "The backup's database was never made, or was deleted. An idle job does not notice before the next change.",
        consequence: "There is no backup.",
        evidence: "The target server answers and says that there is no such database.",
        repair:
            "Where create_target is on, Couchkeep creates it with the source's q and copies _security to it; the replication "
            + "then fills it from the beginning.",
        severity: "critical", sources: ["couch_replicator_api_wrap.erl, db_open"])

    package static func diagnose(_ situation: PairSituation) -> Finding? {
        guard situation.observation.target == .missing, !situation.hasUnseenSide,
            !situation.mayPass(name, .target)
        else { return nil }
        let wasThere = situation.memory.targetSeen != nil
        return finding(
            .critical, situation,
            wasThere
                ? "the backup's database is gone"
                : "there is no database \(situation.pair.target.database) on \(situation.pair.target.server) yet",
            evidence: [
                "database": .text(situation.pair.target.database), "server": .text(situation.pair.target.server),
                "lastDocuments": .count(situation.memory.targetCounts?.documents),
            ],
            next: situation.observation.source == .missing
                ? "bring the source back first: the backup is filled from it"
                : situation.pair.createsTarget
                    ? "couchkeep check"
                    : "create \(situation.pair.target.database) on \(situation.pair.target.server), or set create_target: true"
        )
    }

    package static func repair(_ finding: Finding, in situation: PairSituation) -> RepairAction? {
        guard situation.pair.createsTarget, let source = situation.observation.source.info else { return nil }
        // 1.x has no shards.
        guard situation.observation.targetServer.value?.isClustered ?? true else {
            return .createTarget(q: nil, isPartitioned: false)
        }
        return .createTarget(q: source.q, isPartitioned: source.isPartitioned)
    }
}
