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
            "Any one of: the target holds fewer documents and tombstones than at the last pass, without a purge; it no longer "
            + "has what it had changed last at the inspection before (the newest 64 documents, or 8 of more than 1,000 pairs), however "
            + "far it has grown again; its update "
            + "sequence went back, where there is one copy of each shard, or its purge sequence (1.x); its "
            + "checkpoint is an older revision of the one remembered; both checkpoints have the same session while "
            + "the target's is the older. Where a cluster has several copies of each shard, two passes have to agree, since a "
            + "copy may lag, and checkpoints count only where documents are missing too: they are not replicated between its "
            + "nodes.",
        repair:
            "Couchkeep stops the job, deletes the checkpoints on both sides and starts it again. The job then compares "
            + "everything from the beginning and copies only what is missing. Each check verifies the pair, names what is "
            + "missing and copies it; the finding ends when a verification says equal. For pairs of mode watch it ends when "
            + "couchkeep verify PAIR says equal (couchkeep repair PAIR copies what is missing), or what was missing by count "
            + "is there again.",
        severity: "critical",
        sources: ["couch_replicator_scheduler_job.erl, compare_replication_logs; reproduced on 3.5.0"])

    package static func diagnose(_ situation: PairSituation) -> Finding? {
        let memory = situation.memory
        if let latch = memory.latches[name] {
            // Where pairs are compared, nothing but a comparison says that all is there again.
            let isMended =
                situation.proof.proves(since: latch.since)
                || (!situation.proof.isDemanded && situation.isMended(latch))
            guard !isMended else { return nil }
            return Finding(
                rule: name, severity: .critical, since: latch.since,
                summary: latch.summary
                    + (memory.isRescanning
                        ? "; the copy of what is missing is running"
                        : situation.proof.isDemanded ? "; no verification has said yet that all is there again" : ""),
                evidence: latch.evidence, next: "couchkeep status")
        }
        guard var evidence = RollbackEvidence(.target, in: situation).found else { return nil }
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
}
