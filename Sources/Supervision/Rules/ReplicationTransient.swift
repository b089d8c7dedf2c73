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
            "Couchkeep writes a replication document for all of the source beside the job. Where CouchDB says that both are "
            + "one replication, it ends the job, and the document goes on from the same checkpoint; a job of somebody who "
            + "copies a part has another replication id and is left to them. Up to CouchDB 3.5.1 the job may have begun at "
            + "since_seq, which it does not tell: then each check verifies the pair, copies what is missing, and the finding "
            + "ends when a verification says equal. Before 2.1 there is no scheduler to ask, and the job is ended at once.",
        severity: "warning",
        sources: ["replication/intro.rst", "couch_replicator_doc_processor_worker.erl", "apache/couchdb#5881"])

    package static func diagnose(_ situation: PairSituation) -> Finding? {
        guard let replication = situation.replication else { return lasting(situation) }
        if replication.documents.isEmpty, let id = replication.transientID {
            return finding(
                .warning, situation, "the replication has no document, so the next restart or crash ends it for good",
                evidence: ["job": .text(id.text), "user": .text(replication.transientJobs.first?.user)],
                next: "couchkeep check")
        }
        guard let id = awaited(situation) else { return lasting(situation) }
        return finding(
            .warning, situation,
            "the replication document can't start before a job without a document ends, which is the same replication",
            evidence: ["job": .text(id.text), "document": .text(replication.primary?.document.id)],
            next: "couchkeep check")
    }

    package static func repair(_ finding: Finding, in situation: PairSituation) -> RepairAction? {
        guard situation.bothDatabases != nil, let replication = situation.replication else { return nil }
        let id = replication.documents.isEmpty ? replication.transientID : awaited(situation)
        return id.map { .makeDurable(jobID: $0) }
    }

    /// The job for whose end Couchkeep's own document waits.
    static func awaited(_ situation: PairSituation) -> ReplicationID? {
        guard let replication = situation.replication, let primary = replication.primary, primary.isOwned,
            primary.document.id == situation.desired.documentID, primary.state == .error,
            let reason = primary.errorText
        else { return nil }
        return replication.transientJobs.map(\.id).first { isSame($0, accordingTo: reason) }
    }

    /// Whether a document can't start, for a reason that CouchDB tells, since a job without one has its replication id.
    static func isSame(_ job: ReplicationID, accordingTo reason: String) -> Bool {
        reason.lowercased().contains("transient") && reason.contains("`\(job.text)`")
    }

    /// A document that goes on from the checkpoint of a job that may have begun late: only a comparison says what that
    /// left out.
    private static func lasting(_ situation: PairSituation) -> Finding? {
        guard let latch = situation.memory.latches[name], situation.proof.isDemanded, situation.hasOneIDWithLateStart,
            situation.mayGoOn(from: latch.evidence["job"]?.string.map { ReplicationID($0).base }),
            !situation.proof.proves(since: latch.since), !situation.isMended(latch)
        else { return nil }
        return Finding(
            rule: name, severity: .warning, since: latch.since,
            summary: "a job without a document has replicated the pair, and may have begun at a later change "
                + "(since_seq); no verification has said yet that nothing is missing",
            evidence: latch.evidence, next: "couchkeep verify \(ShellWord.quoted(situation.pair.name))")
    }
}

extension ReplicationObservation {
    /// The first job or task without a document.
    fileprivate var transientID: ReplicationID? { transientJobs.first?.id ?? transientTasks.first?.id }
}
