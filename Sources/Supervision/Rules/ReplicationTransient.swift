import CouchDB

/// The job has no document, so the next restart ends it.
package enum ReplicationTransient: PairRule {
    package static let name = "replication-transient"
    package static let explanation = RuleExplanation(
        title: "the job was started with POST /_replicate and dies with the server",
        what: "A job without a replication document lives in memory only. A restart of the server ends it, and from "
            + "2.1 on its first crash does too. Nothing reports that.",
        consequence: "The backup works today and silently stops at the next restart.",
        evidence: "_scheduler/jobs (or _active_tasks) lists the pair's job with a null doc_id.",
        repair:
            "Couchkeep ends the job and writes a replication document with the same source and target, which goes on "
            + "from the same checkpoint.",
        severity: "warning", sources: ["replication/intro.rst"])

    package static func diagnose(_ situation: PairSituation) -> Finding? {
        guard let replication = situation.replication, replication.documents.isEmpty,
            let id = replication.transientJobs.first?.id ?? replication.transientTasks.first?.id
        else { return nil }
        return finding(
            .warning, situation, "the replication has no document, so the next restart or crash ends it for good",
            evidence: ["job": .text(id.text), "user": .text(replication.transientJobs.first?.user)],
            next: "couchkeep check")
    }

    package static func repair(_ finding: Finding, in situation: PairSituation) -> RepairAction? {
        guard situation.bothDatabases != nil,
            let id = situation.replication?.transientJobs.first?.id ?? situation.replication?.transientTasks.first?.id
        else { return nil }
        return .makeDurable(jobID: id)
    }
}
