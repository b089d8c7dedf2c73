import CouchDB
import Foundation

/// The source's files were put back to an older state.
package enum SourceRolledBack: PairRule {
    package static let name = "source-rolled-back"
    package static let explanation = RuleExplanation(
        title: "the source was put back to an older state",
        what:
            "After a restore of the source's files the backup holds newer revisions than the source. They win over what is "
            + "now written at the source, so new work at the source may not show in the backup.",
        consequence: "The backup is now the only place where the lost changes are. Nothing is lost yet.",
        evidence:
            "Any one of: the source holds fewer documents and tombstones than at the last pass, without a purge; its "
            + "checkpoint has an older revision than remembered; both checkpoints have the same session while the source's "
            + "is the older.",
        repair:
            "None by Couchkeep. First save the backup. Then either copy the lost changes back to the source, or give the pair "
            + "a new target; accept the older source with: couchkeep check --adopt",
        severity: "critical", sources: ["COUCHDB-2822"])

    package static func diagnose(_ situation: PairSituation) -> Finding? {
        let memory = situation.memory
        if let latch = memory.latches[name] {
            return Finding(
                rule: name, severity: .critical, since: latch.since, summary: latch.summary, evidence: latch.evidence,
                next:
                    "save the backup, then copy the lost changes back or give the pair a new target; accept: couchkeep check --adopt"
            )
        }
        guard let evidence = evidence(situation) else { return nil }
        return finding(
            .critical, situation,
            "the source was put back to an older state; the backup holds changes that the source has lost",
            evidence: evidence,
            next:
                "save the backup, then copy the lost changes back or give the pair a new target; accept: couchkeep check --adopt"
        )
    }

    private static func evidence(_ situation: PairSituation) -> Evidence? {
        let memory = situation.memory
        if let before = memory.sourceIdentity, let now = situation.observation.sourceIdentity, before != now {
            return nil
        }
        if let before = memory.sourceCounts, let info = situation.observation.source.info,
            let evidence = before.regression(to: PairMemory.Counts(info), of: "the source"),
            // On a cluster a lagging copy may answer for a while: two passes have to agree.
            info.n ?? 1 == 1 || memory.sourceSuspect != nil
        {
            return evidence
        }
        // A rescan of our own has removed the checkpoints.
        guard !memory.isRescanning else { return nil }
        guard let log = situation.observation.inspection?.sourceLog.value ?? nil else { return nil }
        if let before = memory.sourceLog, before.base == situation.replication?.id?.base, let now = log.counter,
            let then = before.counter, now < then, !TargetRolledBack.isNew(log, situation)
        {
            return [
                "shownBy": "the source's checkpoint is an older revision than before",
                "checkpointBefore": .string("0-\(then)"), "checkpointNow": .string("0-\(now)"),
            ]
        }
        guard let targetLog = situation.observation.inspection?.targetLog.value ?? nil,
            targetLog.sessionID == log.sessionID,
            let afterSource = situation.observation.inspection?.pendingAfterSourceLog,
            let afterTarget = situation.observation.inspection?.pendingAfterTargetLog, afterSource > afterTarget,
            TargetRolledBack.isSettled(situation, sourceLog: log, targetLog: targetLog)
        else { return nil }
        return [
            "shownBy": "both checkpoints have the same session, and the source's is the older",
            "session": .string(log.sessionID), "changesBetween": .count(afterSource - afterTarget),
        ]
    }
}
