import CouchDB

/// No document and no job replicates the pair.
package enum ReplicationMissing: PairRule {
    package static let name = "replication-missing"
    package static let explanation = RuleExplanation(
        title: "nothing replicates the pair",
        what: "The replication document was deleted, or was never written. CouchDB reports nothing at all: a job that "
            + "does not exist has no state.",
        consequence: "Changes made since then are not in the backup.",
        evidence:
            "Neither _replicator nor _scheduler/jobs nor _active_tasks of the server that runs the pair names its "
            + "source and target, and all of them could be read completely.",
        repair:
            "Couchkeep writes the replication document again. Its id is always the same, and the checkpoint is kept "
            + "on both sides, so the job goes on where it was. Where a document of "
            + "another database, such as team/_replicator, replicates the pair, it writes none: CouchDB would mark it as failed.",
        severity: "critical", sources: ["replication/replicator.rst: deleting a document cancels its replication"])

    package static func diagnose(_ situation: PairSituation) -> Finding? {
        guard let replication = situation.replication, replication.documents.isEmpty,
            replication.transientJobs.isEmpty, replication.transientTasks.isEmpty, !situation.hasUnseenSide
        else { return nil }
        if let job = replication.foreignJobs.first { return elsewhere(job, situation) }
        let isNew = situation.memory.documentFirstSeen == nil && !situation.memory.wasComplete
        return finding(
            .critical, situation,
            isNew
                ? "no replication from \(situation.pair.source.server) exists yet, so nothing is backed up"
                : "the replication is gone; changes since then are not backed up",
            evidence: [
                "coordinator": .text(situation.pair.coordinator), "lastComplete": .time(situation.memory.coveredUntil),
            ],
            next: "couchkeep check")
    }

    package static func repair(_ finding: Finding, in situation: PairSituation) -> RepairAction? {
        // Without both databases the job would only crash; target-missing comes first, source-missing needs people.
        // Of two documents for one replication the later one fails for ever.
        guard situation.bothDatabases != nil, situation.replication?.foreignJobs.isEmpty == true else { return nil }
        return .createReplication
    }

    /// A document of another database than `_replicator` may do it all, or a part: its job does not tell.
    private static func elsewhere(_ job: SchedulerJob, _ situation: PairSituation) -> Finding {
        let (database, document) = (job.database ?? "", job.documentID ?? "")
        return finding(
            .warning, situation,
            "the document \(document) of \(database) replicates the pair, where Couchkeep supervises nothing",
            evidence: [
                "coordinator": .text(situation.pair.coordinator), "database": .text(database),
                "document": .text(document), "job": .text(job.id.text), "state": .text(job.state.rawValue),
            ],
            next:
                "delete \(document) from \(database) on \(situation.pair.coordinator), and the next check writes one into "
                + "_replicator")
    }
}
