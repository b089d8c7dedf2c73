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
            "Any one of: the source holds fewer documents and tombstones than at the last pass, without a purge; its purge "
            + "sequence went back (1.x); it no longer has what it had changed last at the inspection before; its "
            + "checkpoint has an older revision than remembered; both checkpoints have the same session while the source's "
            + "is the older. Where a cluster has several copies of each shard, two passes have to agree, since a copy may lag, "
            + "and checkpoints prove nothing: they are not replicated between its nodes.",
        repair:
            "None by Couchkeep. First save the backup; in the vault the moments before stay, and a restore of one brings the lost "
            + "changes back. Then either copy the lost changes back to the source, or give the pair "
            + "a new target; accept the older source with: couchkeep check --adopt. The finding also ends when a verification that "
            + "began later finds the same revisions on both sides: then the backup has nothing that the source lacks. Where the source has fewer documents than before even so, they were in no "
            + "backup yet, and the finding stays until it is accepted.",
        severity: "critical", sources: ["COUCHDB-2822"])

    package static func diagnose(_ situation: PairSituation) -> Finding? {
        let name = ShellWord.quoted(situation.pair.name)
        let next =
            "save the backup, then copy the lost changes back, after which couchkeep verify \(name) ends this where it says equal, "
            + "or give the pair a new target; accept: couchkeep check --adopt"
        if let latch = situation.memory.latches[Self.name] {
            if isProvedWhole(situation) { return nil }
            if let lost = lostForGood(situation) {
                return Finding(
                    rule: Self.name, severity: .critical, since: latch.since,
                    summary:
                        "the source was put back to an older state; it has all that the backup has, and \(Wording.documents(lost)) "
                        + "fewer than before, which no replication had copied yet",
                    evidence: latch.evidence,
                    next: AdoptionStep.naming(
                        situation.pair.name,
                        in: "look for another copy of what is lost; accept: couchkeep check --adopt"))
            }
            return Finding(
                rule: Self.name, severity: .critical, since: latch.since, summary: latch.summary,
                evidence: latch.evidence, next: AdoptionStep.naming(situation.pair.name, in: next))
        }
        guard let evidence = RollbackEvidence(.source, in: situation).found else { return nil }
        return finding(
            .critical, situation,
            "the source was put back to an older state; the backup holds changes that the source has lost",
            evidence: evidence, next: next)
    }

    /// Whether the source has all that the backup has, as a comparison says that began after it had lost something last, and
    /// it was asked whether it has lost more since.
    static func isProvedWhole(_ situation: PairSituation) -> Bool {
        hasAllOfBackup(situation) && lostForGood(situation) == nil
    }

    /// How many documents the source had before that it has not now, though it has all that the backup has.
    private static func lostForGood(_ situation: PairSituation) -> Int? {
        guard hasAllOfBackup(situation), let before = situation.memory.sourceCounts,
            let now = situation.observation.source.info.map({ PairMemory.Counts($0) }), now.total < before.total,
            // What was purged since is no loss.
            now.purgeSequence?.displayNumber ?? 0 <= before.purgeSequence?.displayNumber ?? 0
        else { return nil }
        return before.total - now.total
    }

    private static func hasAllOfBackup(_ situation: PairSituation) -> Bool {
        guard let latch = situation.memory.latches[name], let equalSince = situation.equalSince,
            let inspection = situation.observation.inspection, inspection.sourceChanges != nil
        else { return false }
        return equalSince >= latch.since && !situation.mayLackCopies(.source) && inspection.lostBySource.isEmpty
    }
}
