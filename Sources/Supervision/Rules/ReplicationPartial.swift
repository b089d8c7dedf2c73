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
        let blocker = blocker(in: situation)
        if options.isEmpty {
            guard let blocker, primary.state != .running else { return lasting(situation) }
            return blocked(by: blocker, situation)
        }
        return finding(
            .critical, situation,
            "the replication copies only a part of the source (\(options.joined(separator: ", "))), which is no backup",
            evidence: [
                "document": .text(primary.document.id), "options": .texts(options),
                "replicationID": .text(primary.id?.base),
            ],
            next: primary.isOwned
                ? "couchkeep check"
                : blocker.map { step(without: $0.document.id, in: situation) } ?? "couchkeep check --adopt")
    }

    package static func repair(_ finding: Finding, in situation: PairSituation) -> RepairAction? {
        guard let primary = situation.primary else { return nil }
        let options = primary.document.partialOptions
        if options.isEmpty {
            let isBlocked = primary.state != .running && blocker(in: situation) != nil
            guard !isBlocked, !situation.isBeingMended(since: finding.since) else { return nil }
        }
        guard options.isEmpty || options.contains(lateStart),
            let base = primary.id?.base ?? situation.memory.replicationBase
        else { return .rewriteReplication(documentID: primary.document.id) }
        return .resetCheckpoints(documentID: primary.document.id, base: base)
    }

    /// A document of somebody else beside which a whole one only fails, since both have one replication id.
    static func blocker(in situation: PairSituation) -> ReplicationObservation.Documented? {
        guard situation.hasOneIDWithLateStart else { return nil }
        let harmless: Set<String> = [lateStart, "source password", "target password", "use_checkpoints"]
        let reason = situation.primary?.errorText
        return situation.replication?.documents.first { found in
            !found.isOwned && found.state != .failed && found.document.partialOptions == [lateStart]
                && (harmless.isSuperset(of: situation.desired.differences(from: found.document))
                    || reason?.contains("triggered by document `\(found.document.id)`") == true)
        }
    }

    /// The whole document is there, and can't run.
    private static func blocked(
        by late: ReplicationObservation.Documented, _ situation: PairSituation
    ) -> Finding {
        finding(
            .critical, situation,
            "the document \(late.document.id) begins at a later change (\(lateStart)), and keeps a whole replication from "
                + "running",
            evidence: [
                "document": .text(late.document.id), "options": .texts([lateStart]),
                "replicationID": .text(late.id?.base),
            ], next: step(without: late.document.id, in: situation))
    }

    /// What people have to do about such a document.
    static func step(without document: String, in situation: PairSituation) -> String {
        "delete the document \(document) from _replicator on \(situation.pair.coordinator), then: couchkeep check"
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
            next: situation.pair.mode == .manage && situation.primary?.isOwned != false
                ? "couchkeep check" : "couchkeep verify \(ShellWord.quoted(situation.pair.name))")
    }
}
