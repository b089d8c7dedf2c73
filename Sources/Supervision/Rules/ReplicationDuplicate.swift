import CouchDB

/// Several documents ask for the same replication.
package enum ReplicationDuplicate: PairRule {
    package static let name = "replication-duplicate"
    package static let explanation = RuleExplanation(
        title: "several documents ask for the same replication",
        what:
            "CouchDB runs the first and marks each further one as failed, for ever. When the first is deleted later, nobody "
            + "revives the others.",
        consequence: "The backup hangs on one document, while another looks like a spare and is none.",
        evidence:
            "More than one document in _replicator has the pair's source and target. One of somebody else that is completed, or "
            + "not continuous beside a continuous one, is left out: nothing hangs on it.",
        repair:
            "Couchkeep deletes those of its own documents that are superfluous. Documents of others it names and leaves.",
        severity: "warning", sources: ["couch_replicator_doc_processor_worker.erl"])

    package static func diagnose(_ situation: PairSituation) -> Finding? {
        guard let replication = situation.replication, let primary = replication.primary else { return nil }
        let others = replication.documents.filter {
            $0.document.id != primary.document.id && ($0.isOwned || isRival($0, of: primary))
        }.map(\.document.id).sorted()
        guard !others.isEmpty else { return nil }
        return finding(
            .warning, situation,
            "\(others.count + 1) documents ask for this replication; only \(primary.document.id) counts",
            evidence: ["works": .text(primary.document.id), "superfluous": .texts(others)],
            next: removable(situation) == nil
                ? "delete the superfluous documents from _replicator on \(situation.pair.coordinator)"
                : "couchkeep check")
    }

    /// Whether a document of somebody else asks for the same job.
    ///
    /// A filtered job of an application has another replication id, and so has one that ends beside one that goes on
    /// (couch_replicator_ids.erl); one that is over asks for nothing.
    private static func isRival(
        _ other: ReplicationObservation.Documented, of primary: ReplicationObservation.Documented
    ) -> Bool {
        other.document.partialOptions.isEmpty && other.state != .completed
            && (other.document.isContinuous || !primary.document.isContinuous)
    }

    package static func repair(_ finding: Finding, in situation: PairSituation) -> RepairAction? {
        removable(situation).map { .removeReplication(documentID: $0) }
    }

    /// A superfluous document of Couchkeep's own.
    private static func removable(_ situation: PairSituation) -> String? {
        let primary = situation.primary?.document.id
        return situation.replication?.documents.first { $0.isOwned && $0.document.id != primary }?.document.id
    }
}
