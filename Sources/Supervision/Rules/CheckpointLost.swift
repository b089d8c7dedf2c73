import CouchDB
import Foundation

/// A checkpoint is gone, or the replication id changed, so the next start reads everything.
package enum CheckpointLost: PairRule {
    package static let name = "checkpoint-lost"
    package static let explanation = RuleExplanation(
        title: "the checkpoint is lost, and the source is read from the beginning",
        what:
            "A checkpoint on one side is gone, or the replication id changed (another server uuid, host, port, user or header), "
            + "so the job finds no checkpoint and reads all changes again.",
        consequence: "No document is lost by it, but the backup may lag for hours or days meanwhile.",
        evidence:
            "The replication id differs from the one remembered, or _local/{id} is missing on a side where it was. It ends "
            + "when both sides have checkpoints again with a session in common: the one that was missed, which was only out "
            + "of sight or was written again, or one of a job that has read all that the source had when it began.",
        repair:
            "None is needed: the job copies only what is missing. Keep [couchdb] uuid, host names and the replication's "
            + "user as they are.",
        severity: "warning", sources: ["couch_replicator_ids.erl", "apache/couchdb#4385"])

    package static func diagnose(_ situation: PairSituation) -> Finding? {
        let memory = situation.memory
        // After a repair of ours, a new start is what was wanted.
        guard !situation.isRescanning else { return nil }
        if let latch = memory.latches[name] {
            guard !isOver(latch, situation) else { return nil }
            return Finding(
                rule: name, severity: .warning, since: latch.since, summary: latch.summary, evidence: latch.evidence,
                next: "couchkeep explain checkpoint-lost")
        }
        if let before = memory.replicationBase, let now = situation.replication?.id?.base, before != now,
            let pending = situation.pending, pending > 0
        {
            return finding(
                .warning, situation,
                "the replication id has changed, so the source is read from the beginning",
                evidence: ["idBefore": .string(before), "idNow": .string(now), "pending": .count(pending)],
                next: "couchkeep explain checkpoint-lost")
        }
        guard let inspection = situation.observation.inspection,
            let base = situation.replication?.id?.base, memory.replicationBase == base
        else { return nil }
        var sides: [String] = []
        // Nodes that are away may have it.
        if memory.sourceLog?.base == base, case .known(nil) = inspection.sourceLog, !situation.mayLackCopies(.source) {
            sides.append("source")
        }
        if memory.targetLog?.base == base, case .known(nil) = inspection.targetLog, !situation.mayLackCopies(.target) {
            sides.append("target")
        }
        guard !sides.isEmpty else { return nil }
        return finding(
            .warning, situation,
            "the checkpoint at the \(sides.joined(separator: " and the ")) is gone; the next start reads the source from the beginning",
            evidence: [
                "missingAt": .texts(sides), "id": .text(base),
                "session": .text((sides.contains("source") ? memory.sourceLog : memory.targetLog)?.sessionID),
            ], next: "couchkeep explain checkpoint-lost")
    }

    /// Whether the next start goes on from a checkpoint again, and what was read anew has come as far as before.
    private static func isOver(_ latch: PairMemory.Latch, _ situation: PairSituation) -> Bool {
        guard let inspection = situation.observation.inspection,
            let source = inspection.sourceLog.value ?? nil, let target = inspection.targetLog.value ?? nil
        else { return false }
        // A start looks for a session that both sides know (compare_replication_logs of couch_replicator_scheduler_job.erl).
        let common = source.sessions.intersection(target.sessions)
        guard !common.isEmpty else { return false }
        if situation.pending == 0 { return true }
        // One that was only out of sight has its history; one of a reading from the beginning has none from before.
        if let session = latch.evidence["session"]?.string, common.contains(session) { return true }
        // What was covered before this process began says nothing of the reading that it has begun.
        guard let began = situation.replication?.startedOn,
            let covered = situation.observation.progress.value?.coveredUntil
        else { return false }
        return covered > max(began, latch.since)
    }
}

extension ReplicationLog {
    /// The sessions that it tells of.
    fileprivate var sessions: Set<String> { Set(history.map(\.id) + [sessionID]) }
}
