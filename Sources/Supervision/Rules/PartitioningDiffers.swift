import CouchDB

/// One side is partitioned and the other is not.
package enum PartitioningDiffers: PairRule {
    package static let name = "partitioning-differs"
    package static let explanation = RuleExplanation(
        title: "one side is partitioned and the other is not",
        what:
            "Whether a database is partitioned is said when it is made, and can't be changed later. Replication copies "
            + "documents and not that: CouchDB reports nothing, and documents that were copied compare as equal.",
        consequence:
            "After a switch to a backup that is not partitioned, each request below _partition is answered with 400, "
            + "though all documents are there. A backup that is partitioned refuses documents whose ids name no "
            + "partition, and queries of views that name none, unless the design document's options say "
            + "partitioned: false.",
        evidence:
            "props.partitioned of GET {db} on both sides. CouchDB before 3.0 has no partitions, so none of its databases "
            + "is partitioned.",
        repair:
            "None by Couchkeep, which deletes no backup. See first that the source is whole, and what only the target "
            + "has: couchkeep verify PAIR. Where the target may be the only copy of anything, copy it to another name, "
            + "by a replication or with couchkeep backup, and verify that. Then delete the target database. The next "
            + "check of a pair of mode manage with create_target makes it as the source is, and it is filled again. Of "
            + "mode watch, stop its replication before, create the database yourself, with ?partitioned=true where the "
            + "source is partitioned, and start the replication again. Until it is filled, the pair has no backup. A "
            + "target's server before 3.0 has to be updated first.",
        severity: "warning: what was copied is there, and a switch to it fails",
        sources: ["partitioned-dbs/index.rst", "couch_partition.erl"])

    package static func diagnose(_ situation: PairSituation) -> Finding? {
        guard let (source, target) = situation.bothDatabases, source.isPartitioned != target.isPartitioned else {
            return nil
        }
        return finding(
            .warning, situation,
            source.isPartitioned
                ? "the source is partitioned and the target is not: after a switch-over queries of a partition fail"
                : "the target is partitioned and the source is not: it refuses documents whose ids name no partition",
            evidence: [
                "sourceIsPartitioned": .bool(source.isPartitioned), "targetIsPartitioned": .bool(target.isPartitioned),
            ],
            next: next(situation, isPartitioned: source.isPartitioned))
    }

    /// - Parameter isPartitioned: what the target is to be.
    private static func next(_ situation: PairSituation, isPartitioned: Bool) -> String {
        // Nobody should delete on this rule's word what may be the only copy.
        if OnlyCopy.isSuspected(in: situation) {
            return "keep the target as it is until the source is known to be whole; then: couchkeep explain \(name)"
        }
        let (pair, server) = (situation.pair, situation.pair.target.server)
        if isPartitioned, let info = situation.observation.targetServer.value, !info.hasPartitions {
            return "update \(server), which runs CouchDB \(info.version) and has no partitions before 3.0; "
                + "then: couchkeep explain \(name)"
        }
        let creation = "create it \(isPartitioned ? "with" : "without") ?partitioned=true"
        let steps: String
        switch (pair.mode, pair.createsTarget) {
        case (.manage, true):
            steps = "delete it, and the next check makes it as the source is and has it filled"
        case (.manage, false):
            steps = "delete it and \(creation), and the next check has it filled"
        case (.watch, _), (.off, _):
            steps = "stop its replication, delete it, \(creation), and start the replication again"
        }
        let verify = "couchkeep verify \(ShellWord.quoted(pair.name))"
        return "see what only \(pair.target.database) on \(server) has (\(verify)) and copy that to another name; "
            + "then \(steps)"
    }
}
