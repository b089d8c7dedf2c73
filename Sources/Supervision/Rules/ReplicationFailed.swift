import CouchDB
import Foundation

/// The document says `failed`, which CouchDB never tries again.
package enum ReplicationFailed: PairRule {
    package static let name = "replication-failed"
    package static let explanation = RuleExplanation(
        title: "the replication has failed for good",
        what:
            "A document whose state is failed is ignored for ever, also after a restart. On 1.x a job is given up after "
            + "ten tries, about forty minutes, and its document says error.",
        consequence: "Changes made since then are not in the backup.",
        evidence: "_scheduler/docs shows the state failed, or the document says so. On 1.x the document says error and "
            + "_active_tasks does not list it.",
        repair:
            "Couchkeep writes its document afresh, without the _replication_* fields, which starts the job. A document of "
            + "somebody else is only touched with --adopt. One that fails because another document has its replication id, as "
            + "one with since_seq does up to CouchDB 3.5.1, can only run when that is gone.",
        severity: "critical",
        sources: ["couch_replicator_doc_processor.erl", "whatsnew/2.1.rst on max_replication_retry_count"])

    package static func diagnose(_ situation: PairSituation) -> Finding? {
        guard let primary = situation.primary, primary.state == .failed || isGivenUp(primary, situation) else {
            return nil
        }
        let reason = primary.errorText ?? "no reason given"
        // A failed duplicate beside a job that works is the duplicate rule's.
        guard CrashCause(reason: reason) != .duplicate || ReplicationDuplicate.diagnose(situation) == nil else {
            return nil
        }
        let blocker = blocker(reason, in: situation)
        return finding(
            .critical, situation, "the replication has failed and CouchDB won't try again: \(reason)",
            evidence: [
                "document": .text(primary.document.id), "reason": .text(reason),
                "failedAt": .time(primary.stateChanged), "blockedBy": .text(blocker),
            ],
            next: blocker.map { ReplicationPartial.step(without: $0, in: situation) } ?? "couchkeep check")
    }

    package static func repair(_ finding: Finding, in situation: PairSituation) -> RepairAction? {
        // It would only fail again.
        guard finding.evidence["blockedBy"] == nil else { return nil }
        return situation.primary.map { .rewriteReplication(documentID: $0.document.id) }
    }

    /// The document, still there, whose job has the replication id: CouchDB names it in its reason.
    private static func blocker(_ reason: String, in situation: PairSituation) -> String? {
        guard CrashCause(reason: reason) == .duplicate,
            let name = reason.firstMatch(of: #/triggered by document `(.+?)`/#)?.output.1
        else { return nil }
        return situation.replication?.documents.first { $0.document.id == name }?.document.id
    }

    /// 1.x only: the document says `error` for longer than the pauses between its ten tries, and no task runs.
    private static func isGivenUp(_ primary: ReplicationObservation.Documented, _ situation: PairSituation) -> Bool {
        guard situation.observation.coordinatorServer.value?.hasScheduler == false,
            primary.document.recordedState == .error, primary.task == nil,
            let quiet = situation.elapsed(since: primary.document.recordedStateTime)
        else { return false }
        return quiet > 15 * 60
    }
}
