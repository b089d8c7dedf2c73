import CouchDB
import Foundation

/// A large share of the source's documents was deleted between two passes, or within half an hour.
package enum MassDeletion: PairRule {
    package static let name = "mass-deletion"
    package static let explanation = RuleExplanation(
        title: "a large share of the documents was deleted at once",
        what:
            "Deletions replicate within seconds. A mistake, a bad migration or an intruder at the source reaches the backup "
            + "at once.",
        consequence: "A replica no longer has the deleted documents; only a backup with a past does.",
        evidence:
            "doc_count of the source fell, and doc_del_count grew, by at least thresholds.mass_deletion of its documents between "
            + "two passes, or within half an hour.",
        repair:
            "None by Couchkeep. If the deletion was wanted, the finding ends by itself after a day. If not, restore from a "
            + "backup with a past before it is pruned: couchkeep restore --at, where the vault has one.",
        severity: "critical", sources: ["replicate-couchdb-cluster#18"])

    package static func diagnose(_ situation: PairSituation) -> Finding? {
        let latch = situation.memory.latches[name].flatMap { latch in
            situation.elapsed(since: latch.since).flatMap {
                $0 < situation.pair.thresholds.massDeletionShownFor ? latch : nil
            }
        }
        // What few copies show may be old. Counts of a source that is not whole are not remembered: each pass would tell the
        // same deletion anew.
        let isOld = situation.mayLackCopies(.source) || situation.hasReturned(.source)
        let canTell = situation.isWhole(.source) || (latch == nil && !isOld)
        // A second one must not stand behind the first for a day; while nobody accepts the source, its counts are the old ones.
        if canTell, let found = deletion(situation), !found.isSame(as: latch) { return found }
        return latch.map { latch in
            Finding(
                rule: name, severity: .critical, since: latch.since, summary: latch.summary, evidence: latch.evidence,
                next: "couchkeep explain mass-deletion")
        }
    }

    /// In seconds: what takes longer is no mass deletion.
    static let slowly: TimeInterval = 3600

    /// What went since the last pass, or more slowly, where that is much.
    private static func deletion(_ situation: PairSituation) -> Finding? {
        let memory = situation.memory
        guard let before = memory.sourceCounts, let now = situation.observation.source.info,
            memory.sourceIdentity == situation.observation.sourceIdentity
        else { return nil }
        if let found = deletion(from: before, to: now, situation, "since the last pass", at: memory.lastPass) {
            return found
        }
        for mark in memory.sourceMarks ?? [] {
            guard let age = situation.elapsed(since: mark.at), age <= slowly else { continue }
            let time = "within \(Wording.duration(age))"
            if let found = deletion(from: mark.counts, to: now, situation, time, at: mark.at) { return found }
        }
        return nil
    }

    private static func deletion(
        from before: PairMemory.Counts, to now: DatabaseInfo, _ situation: PairSituation, _ time: String,
        at moment: Date?
    ) -> Finding? {
        let limits = situation.pair.thresholds
        // Tombstones alone are no loss: a queue makes and deletes all the time, and others' tombstones replicate too.
        let deleted = min(now.deletedCount - before.deleted, before.documents - now.documentCount)
        guard before.documents > 0, deleted >= limits.massDeletionAtLeast,
            Double(deleted) >= limits.massDeletionShare * Double(before.documents)
        else { return nil }
        let share = Int((100 * Double(deleted) / Double(before.documents)).rounded())
        var finding = finding(
            .critical, situation,
            "\(Wording.documents(deleted)) of \(Wording.number(before.documents)) (\(share) %) were deleted at the source \(time)",
            evidence: [
                "deleted": .count(deleted), "documentsBefore": .count(before.documents), "lastPass": .time(moment),
            ])
        finding.since = situation.now
        return finding
    }
}

extension Finding {
    /// Whether it tells of the same numbers.
    fileprivate func isSame(as latch: PairMemory.Latch?) -> Bool {
        ["deleted", "documentsBefore"].allSatisfy { evidence[$0] == latch?.evidence[$0] }
    }
}
