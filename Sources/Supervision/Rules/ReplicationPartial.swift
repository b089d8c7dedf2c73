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
            "Couchkeep writes its own document afresh, without them. A document of somebody else is only touched with "
            + "--adopt.",
        severity: "critical", sources: ["replication/intro.rst on filtered replication", "apache/couchdb#4095, #5867"])

    package static func diagnose(_ situation: PairSituation) -> Finding? {
        guard let primary = situation.primary else { return nil }
        let options = primary.document.partialOptions
        guard !options.isEmpty else { return nil }
        return finding(
            .critical, situation,
            "the replication copies only a part of the source (\(options.joined(separator: ", "))), which is no backup",
            evidence: ["document": .text(primary.document.id), "options": .texts(options)],
            next: primary.isOwned ? "couchkeep check" : "couchkeep check --adopt")
    }

    package static func repair(_ finding: Finding, in situation: PairSituation) -> RepairAction? {
        situation.primary.map { .rewriteReplication(documentID: $0.document.id) }
    }
}
