import CouchDB
import Foundation

/// The job waits for its turn for too long.
package enum ReplicationPending: PairRule {
    package static let name = "replication-pending"
    package static let explanation = RuleExplanation(
        title: "the job waits for its turn while changes wait for it",
        what:
            "A server runs at most max_jobs replications (500) at once and changes at most max_churn (20) of them each minute. "
            + "One-shot jobs are never taken off, so they can starve the continuous ones.",
        consequence: "The backup falls behind without any error.",
        evidence:
            "The state pending for longer than pending_for, while the source has changes after the checkpoint. A job "
            + "that is parked with nothing to do is healthy.",
        repair: "None by Couchkeep. Raise [replicator] max_jobs, or end one-shot jobs that never finish.",
        severity: "warning", sources: ["couch_replicator_scheduler.erl"])

    package static func diagnose(_ situation: PairSituation) -> Finding? {
        guard let primary = situation.primary, primary.state == .pending,
            let pending = situation.pending, pending > 0,
            let waited = situation.elapsed(since: waitingSince(situation, primary)),
            waited >= situation.pair.thresholds.pendingFor
        else { return nil }
        return finding(
            .warning, situation,
            "the job has been waiting for its turn for \(Wording.duration(waited)), with \(Wording.changes(pending)) to copy",
            evidence: [
                "document": .text(primary.document.id), "pending": .count(pending),
                "waitingSince": .time(waitingSince(situation, primary)),
            ], next: "raise [replicator] max_jobs on \(situation.pair.coordinator)")
    }

    /// The later of what the server says and what was seen: a rotation in between was a turn.
    private static func waitingSince(
        _ situation: PairSituation, _ primary: ReplicationObservation.Documented
    ) -> Date? {
        let seen = situation.memory.state == "pending" ? situation.memory.stateSince : situation.now
        guard let pendingSince = situation.memory.pendingSince else { return situation.now }
        return [primary.stateChanged, seen, pendingSince].compactMap { $0 }.max()
    }
}
