import CouchDB

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
            "The replication id differs from the one remembered, or _local/{id} is missing on a side where it was.",
        repair:
            "None is needed: the job copies only what is missing. Keep [couchdb] uuid, host names and the replication's "
            + "user as they are.",
        severity: "warning", sources: ["couch_replicator_ids.erl", "apache/couchdb#4385"])

    package static func diagnose(_ situation: PairSituation) -> Finding? {
        let memory = situation.memory
        // After a repair of ours, a new start is what was wanted.
        guard !situation.isRescanning else { return nil }
        if let latch = memory.latches[name] {
            guard !isOver(situation) else { return nil }
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
        if memory.sourceLog?.base == base, case .known(nil) = inspection.sourceLog { sides.append("source") }
        if memory.targetLog?.base == base, case .known(nil) = inspection.targetLog { sides.append("target") }
        guard !sides.isEmpty else { return nil }
        return finding(
            .warning, situation,
            "the checkpoint at the \(sides.joined(separator: " and the ")) is gone; the next start reads the source from the beginning",
            evidence: ["missingAt": .texts(sides), "id": .text(base)], next: "couchkeep explain checkpoint-lost")
    }

    /// Whether everything was read again, and both sides have a checkpoint.
    private static func isOver(_ situation: PairSituation) -> Bool {
        guard situation.pending == 0, let inspection = situation.observation.inspection,
            case .known(_?) = inspection.sourceLog, case .known(_?) = inspection.targetLog
        else { return false }
        return true
    }
}
