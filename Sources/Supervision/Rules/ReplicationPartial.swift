import CouchDB

/// The replication copies only a part.
package enum ReplicationPartial: PairRule {
    package static let name = "replication-partial"
    package static let explanation = RuleExplanation(
        title: "the replication copies only a part of the source",
        what:
            "A filter, selector, list of ids, start sequence or winning_revs_only leaves documents, deletions or conflicts "
            + "out. Such a job runs, catches up and reports no error.",
        consequence:
            "What is left out is not in the backup. Deletions are often lost too, since a tombstone lacks the fields "
            + "that a filter looks at.",
        evidence: "The document has filter, selector, doc_ids, view, since_seq or winning_revs_only.",
        repair:
            "Couchkeep writes its own document afresh, without them. Up to CouchDB 3.5.1 a job with since_seq has the "
            + "checkpoint of a whole one, so there it also deletes that and lets everything be read; the finding ends when "
            + "that is done, or when a verification says equal. A document of somebody else is only touched with --adopt.",
        severity: "critical",
        sources: ["replication/intro.rst on filtered replication", "apache/couchdb#4095, #5867, #5881"])

    /// The option after which a whole job goes on from a checkpoint that lies behind what was left out.
    static let lateStart = "since_seq"

    package static func diagnose(_ situation: PairSituation) -> Finding? {
        guard let primary = situation.primary else { return lasting(situation) }
        let options = primary.document.partialOptions
        guard !options.isEmpty else { return lasting(situation) }
        return finding(
            .critical, situation,
            "the replication copies only a part of the source (\(options.joined(separator: ", "))), which is no backup",
            evidence: [
                "document": .text(primary.document.id), "options": .texts(options),
                "replicationID": .text(primary.id?.base),
            ],
            next: primary.isOwned ? "couchkeep check" : "couchkeep check --adopt")
    }

    package static func repair(_ finding: Finding, in situation: PairSituation) -> RepairAction? {
        guard let primary = situation.primary else { return nil }
        let options = primary.document.partialOptions
        if options.isEmpty, situation.isBeingMended(since: finding.since) { return nil }
        guard options.isEmpty || options.contains(lateStart),
            let base = primary.id?.base ?? situation.memory.replicationBase
        else { return .rewriteReplication(documentID: primary.document.id) }
        return .resetCheckpoints(documentID: primary.document.id, base: base)
    }

    /// A job that began late has left a checkpoint, and a whole one of the same id goes on from there: what lies before
    /// stays missing, with nothing pending.
    private static func lasting(_ situation: PairSituation) -> Finding? {
        guard let latch = situation.memory.latches[name],
            latch.evidence["options"]?.array?.contains(.string(lateStart)) == true,
            situation.mayGoOn(from: latch.evidence["replicationID"]?.string),
            !situation.proof.proves(since: latch.since), !situation.isMended(latch)
        else { return nil }
        return Finding(
            rule: name, severity: latch.severity, since: latch.since,
            summary: "the replication began at a later change until lately (\(lateStart)), and what lies before may be "
                + "missing from the backup" + (situation.memory.isRescanning ? "; everything is being read again" : ""),
            evidence: latch.evidence,
            next: situation.pair.mode == .manage
                ? "couchkeep check" : "couchkeep verify \(ShellWord.quoted(situation.pair.name))")
    }
}
