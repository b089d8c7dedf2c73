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
            + "somebody else is only touched with --adopt.",
        severity: "critical",
        sources: ["couch_replicator_doc_processor.erl", "whatsnew/2.1.rst on max_replication_retry_count"])

    package static func diagnose(_ situation: PairSituation) -> Finding? {
        guard let primary = situation.primary, primary.state == .failed || isGivenUp(primary, situation) else {
            return nil
        }
        let reason = primary.errorText ?? "no reason given"
        // A failed duplicate beside a job that works is the duplicate rule's.
        guard CrashCause(reason: reason) != .duplicate || situation.replication?.documents.count == 1 else {
            return nil
        }
        return finding(
            .critical, situation, "the replication has failed and CouchDB won't try again: \(reason)",
            evidence: [
                "document": .text(primary.document.id), "reason": .text(reason),
                "failedAt": .time(primary.stateChanged),
            ], next: "couchkeep check")
    }

    package static func repair(_ finding: Finding, in situation: PairSituation) -> RepairAction? {
        situation.primary.map { .rewriteReplication(documentID: $0.document.id) }
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
