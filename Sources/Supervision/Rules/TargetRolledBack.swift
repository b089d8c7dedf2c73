import CouchDB
import Foundation

/// The target's files were put back to an older state.
package enum TargetRolledBack: PairRule {
    package static let name = "target-rolled-back"
    package static let explanation = RuleExplanation(
        title: "the target was put back to an older state, and what it lost is never copied again",
        what:
            "After a file snapshot, a virtual machine or a volume of the target is restored, both checkpoints carry the same "
            + "session. CouchDB then goes on from the source's checkpoint, which is newer than what the target holds. It "
            + "reports running, no errors, caught up.",
        consequence:
            "Everything written to the target between the snapshot and the restore is missing from the backup, for ever.",
        evidence:
            "Any one of: the target holds fewer documents and tombstones than at the last pass, without a purge; its update "
            + "sequence went back, where there is one copy of each shard; its "
            + "checkpoint is an older revision of the one remembered; both checkpoints have the same session while "
            + "the target's is the older.",
        repair:
            "Couchkeep stops the job, deletes the checkpoints on both sides and starts it again. The job then compares "
            + "everything from the beginning and copies only what is missing. The finding ends when the target has caught up "
            + "and nothing is missing by count.",
        severity: "critical",
        sources: ["couch_replicator_scheduler_job.erl, compare_replication_logs; reproduced on 3.5.0"])

    package static func diagnose(_ situation: PairSituation) -> Finding? {
        let memory = situation.memory
        if let latch = memory.latches[name] {
            guard !situation.isMended(latch) else { return nil }
            return Finding(
                rule: name, severity: .critical, since: latch.since,
                summary: latch.summary + (memory.isRescanning ? "; the copy of what is missing is running" : ""),
                evidence: latch.evidence, next: "couchkeep status")
        }
        guard var evidence = evidence(situation) else { return nil }
        let lost = situation.missingNow
        evidence["missing"] = .count(lost)
        let missing = lost > 0 ? ", and \(Wording.documents(lost)) \(lost == 1 ? "is" : "are") missing from it" : ""
        return finding(
            .critical, situation, "the target was put back to an older state\(missing)", evidence: evidence,
            next: "couchkeep check")
    }

    package static func repair(_ finding: Finding, in situation: PairSituation) -> RepairAction? {
        guard let primary = situation.primary else { return nil }
        if situation.isBeingMended(since: finding.since) { return nil }
        return .resetCheckpoints(
            documentID: primary.document.id, base: primary.id?.base ?? situation.memory.replicationBase)
    }

    /// What shows a rollback now; nil where nothing does.
    private static func evidence(_ situation: PairSituation) -> Evidence? {
        let memory = situation.memory
        guard !isReplaced(situation) else { return nil }
        if let before = memory.targetCounts, let info = situation.observation.target.info,
            let evidence = before.regression(to: PairMemory.Counts(info), of: "the target"),
            // On a cluster a lagging copy may answer for a while: two passes have to agree.
            info.n ?? 1 == 1 || memory.targetSuspect != nil
        {
            return evidence
        }
        // A rescan of our own has removed the checkpoints.
        guard !memory.isRescanning else { return nil }
        guard let log = situation.observation.inspection?.targetLog.value ?? nil else { return nil }
        if let before = memory.targetLog, before.base == situation.replication?.id?.base, let now = log.counter,
            let then = before.counter, now < then, !isNew(log, situation)
        {
            return [
                "shownBy": "the target's checkpoint is an older revision than before",
                "checkpointBefore": .string("0-\(then)"), "checkpointNow": .string("0-\(now)"),
                "sequenceBefore": before.sequence.value, "sequenceNow": log.sourceLastSequence.value,
            ]
        }
        guard let sourceLog = situation.observation.inspection?.sourceLog.value ?? nil,
            sourceLog.sessionID == log.sessionID,
            let afterSource = situation.observation.inspection?.pendingAfterSourceLog,
            let afterTarget = situation.observation.inspection?.pendingAfterTargetLog, afterTarget > afterSource,
            isSettled(situation, sourceLog: sourceLog, targetLog: log)
        else { return nil }
        return [
            "shownBy": "both checkpoints have the same session, and the target's is the older",
            "session": .string(log.sessionID), "sourceCheckpoint": sourceLog.sourceLastSequence.value,
            "targetCheckpoint": log.sourceLastSequence.value, "changesBetween": .count(afterTarget - afterSource),
        ]
    }

    /// Whether a checkpoint was begun anew since it was last looked at: one that somebody deleted counts from one again.
    static func isNew(_ log: ReplicationLog, _ situation: PairSituation) -> Bool {
        log.beganFromZero(after: situation.memory.lastInspection ?? .distantPast)
    }

    /// Whether the two checkpoints differ for good: a running job writes one before the other, however slow a server is.
    static func isSettled(_ situation: PairSituation, sourceLog: ReplicationLog, targetLog: ReplicationLog) -> Bool {
        guard situation.replication?.isRunning == true else { return true }
        return situation.memory.sourceLog?.sequence == sourceLog.sourceLastSequence
            && situation.memory.targetLog?.sequence == targetLog.sourceLastSequence
    }

    private static func isReplaced(_ situation: PairSituation) -> Bool {
        guard let before = situation.memory.targetIdentity, let now = situation.observation.targetIdentity else {
            return false
        }
        return before != now
    }
}
