import CouchDB

/// Nothing is pending, and yet the two sides hold different numbers of documents.
package enum CountsDiffer: PairRule {
    package static let name = "counts-differ"
    package static let explanation = RuleExplanation(
        title: "nothing is left to copy, and yet the counts differ",
        what: "The replication has caught up, but source and target hold different numbers of documents or tombstones.",
        consequence: "Documents are missing from the backup, or it holds some that the source doesn't have.",
        evidence:
            "doc_count and doc_del_count of both sides, read while the source's sequence stood still and no change was "
            + "pending. Equal counts prove nothing; different ones do.",
        repair:
            "Each check verifies a pair of mode manage, names the documents, copies what is missing, and ends the finding when "
            + "a verification says equal. The cause may be refused documents, a purge at the source, or writes of somebody "
            + "else at the target: couchkeep verify show NUMBER says it where it is known.",
        severity: "critical where the target has less, warning where it has more, notice where only tombstones differ",
        sources: ["fabric_db_info.erl"])

    package static func diagnose(_ situation: PairSituation) -> Finding? {
        guard !situation.isRescanning, TargetRolledBack.diagnose(situation) == nil,
            TargetReplaced.diagnose(situation) == nil
        else { return nil }
        // What is counted on the copies that are left says nothing of the others.
        guard !situation.observation.mayLackCopies, let counts = situation.observation.inspection?.comparableCounts
        else {
            return lasting(situation)
        }
        guard !counts.areEqual else { return situation.proof.isDemanded ? unproved(situation) : nil }
        // On a cluster a lagging copy may answer for a while: two passes have to agree.
        let copies = max(situation.observation.source.info?.n ?? 1, situation.observation.target.info?.n ?? 1)
        if copies > 1, situation.memory.countsSuspect == nil, situation.memory.latches[name] == nil { return nil }
        let evidence: Evidence = [
            "sourceDocuments": .count(counts.sourceDocuments), "sourceDeleted": .count(counts.sourceDeleted),
            "targetDocuments": .count(counts.targetDocuments), "targetDeleted": .count(counts.targetDeleted),
        ]
        if counts.missing > 0 {
            return finding(
                .critical, situation,
                "nothing is pending, yet \(Wording.documents(counts.missing)) of the source \(counts.missing == 1 ? "is" : "are") missing from the backup",
                evidence: evidence, cause: refusals(situation, explain: counts.missing))
        }
        if counts.sourceDocuments == counts.targetDocuments {
            // Something was deleted at the target that the source never had, such as a validation function.
            return finding(
                .notice, situation,
                "the backup holds \(Wording.counted(-counts.missing, "tombstone")) that the source does not have",
                evidence: evidence)
        }
        guard counts.missing < 0 else {
            return finding(
                .warning, situation,
                "nothing is pending, yet source and backup differ in which documents are deleted", evidence: evidence)
        }
        return extra(-counts.missing, situation, evidence)
    }

    /// The backup has more than the source: a matter of taste once a comparison has found the source's all there.
    private static func extra(_ count: Int, _ situation: PairSituation, _ evidence: Evidence) -> Finding {
        let latch = situation.memory.latches[name]
        let before = latch.flatMap { latch -> Int? in
            guard let target = latch.evidence["targetDocuments"]?.integer,
                let source = latch.evidence["sourceDocuments"]?.integer
            else { return nil }
            return Int(target - source)
        }
        let isProved = latch.map { situation.proof.proves(since: $0.since) && count == before } ?? false
        var finding = finding(
            isProved ? .notice : .warning, situation,
            "the backup holds \(Wording.documents(count)) that the source does not have", evidence: evidence,
            next: isProved && !OnlyCopy.isSuspected(in: situation)
                ? "couchkeep repair \(ShellWord.quoted(situation.pair.name)) --remove-extra" : nil)
        // What came or went later, no comparison has seen.
        if !isProved, let before, count != before { finding.since = situation.now }
        return finding
    }

    /// What was seen when the counts could be compared: a source that is busy now takes nothing back.
    private static func lasting(_ situation: PairSituation) -> Finding? {
        guard let latch = situation.memory.latches[name] else { return nil }
        if situation.proof.proves(since: latch.since) { return nil }
        if !situation.proof.isDemanded, situation.memory.rescan?.completedAt.map({ $0 > latch.since }) == true {
            return nil
        }
        return Finding(
            rule: name, severity: latch.severity, since: latch.since, summary: latch.summary, evidence: latch.evidence,
            next: "couchkeep explain \(name)", cause: latch.cause)
    }

    /// Counts that have become equal again prove nothing: what was missing stays told until a comparison says equal.
    private static func unproved(_ situation: PairSituation) -> Finding? {
        guard let latch = situation.memory.latches[name], latch.severity != .notice,
            var finding = lasting(situation)
        else { return nil }
        let suffix = "; the counts are equal by now, and no verification has said yet that nothing is missing"
        // The latch carries what was told last.
        if !finding.summary.hasSuffix(suffix) { finding.summary += suffix }
        return finding
    }

    /// The finding of refused documents, where those are all that is missing.
    private static func refusals(_ situation: PairSituation, explain missing: Int) -> String? {
        let refused = max(
            situation.memory.refused, situation.replication?.statistics?.documentWriteFailures ?? 0)
        return refused >= missing ? Finding.fingerprint(rule: WritesRefused.name, subject: situation.pair.name) : nil
    }
}
