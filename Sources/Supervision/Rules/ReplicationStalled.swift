import CouchDB
import Foundation

/// The job runs and does not move.
package enum ReplicationStalled: PairRule {
    package static let name = "replication-stalled"
    package static let explanation = RuleExplanation(
        title: "the job runs but does not move",
        what:
            "The state running says only that a process is alive. A changes feed that a proxy cuts is read again without end, "
            + "a worker can hang on one huge document; the job's updated_on is refreshed by a timer all the while.",
        consequence: "Changes wait and are not backed up, with no error anywhere.",
        evidence:
            "The source has changes after the checkpoint, and for stalled_for neither the checkpoint nor the counters of "
            + "the job moved; or the checkpoint stood still for three times as long, whatever the counters do.",
        repair:
            "Couchkeep restarts the job by changing an option that does not enter the replication id, so it goes on from "
            + "its checkpoint.",
        severity: "critical", sources: ["apache/couchdb#4897, #5609"])

    package static func diagnose(_ situation: PairSituation) -> Finding? {
        guard let replication = situation.replication,
            replication.primary.map({ $0.state == .running }) ?? replication.isRunning,
            let progress = situation.observation.progress.value, let pending = progress.pending, pending > 0,
            situation.memory.checkpoint == progress.checkpoint,
            let frozen = frozen(situation)
        else { return nil }
        let limit = situation.pair.thresholds.stalledFor
        let works = activity(replication) != situation.memory.activity
        let idleFor = works ? 0 : situation.elapsed(since: situation.memory.activityChanged) ?? frozen
        guard min(frozen, idleFor) >= limit || frozen >= 3 * limit else { return nil }
        return finding(
            .critical, situation,
            "the job runs but has not moved for \(Wording.duration(frozen)), with \(Wording.changes(pending)) to copy",
            evidence: [
                "document": .text(replication.primary?.document.id), "pending": .count(pending),
                "checkpoint": progress.checkpoint.value, "checkpointSince": .time(situation.memory.checkpointChanged),
                "countersMove": .bool(works), "inActiveTasks": .bool(replication.primary?.task != nil),
            ], next: "couchkeep check")
    }

    package static func repair(_ finding: Finding, in situation: PairSituation) -> RepairAction? {
        // A job that was just started again is given its time, or it never gets as far as a checkpoint.
        if let restarted = situation.memory.repairs.last("restart-replication"),
            situation.elapsed(since: restarted) ?? 0 < situation.pair.thresholds.stalledFor
        {
            return nil
        }
        return situation.primary.map { .restartReplication(documentID: $0.document.id) }
    }

    /// For how long the checkpoint has stood still while changes were waiting and the job was running.
    private static func frozen(_ situation: PairSituation) -> TimeInterval? {
        let memory = situation.memory
        guard memory.state == "running", let running = memory.stateSince, let waiting = memory.pendingSince,
            let still = memory.checkpointChanged
        else { return nil }
        return situation.elapsed(since: max(running, waiting, still))
    }

    private static func activity(_ replication: ReplicationObservation) -> Int {
        (replication.statistics?.documentsWritten ?? 0) + (replication.statistics?.revisionsChecked ?? 0)
    }
}
