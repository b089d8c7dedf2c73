import CouchDB

/// A one-shot replication stands where a continuous one is wanted.
package enum ReplicationCompleted: PairRule {
    package static let name = "replication-completed"
    package static let explanation = RuleExplanation(
        title: "the replication is not continuous: it ran once, or will end",
        what:
            "Without continuous: true a replication copies what is there and ends. Its document then says completed and is "
            + "never looked at again.",
        consequence: "The backup is as old as that one run, and looks like a success.",
        evidence: "The document has no continuous: true, or _scheduler/docs shows the state completed.",
        repair: "Couchkeep writes its document afresh as a continuous one. A document of somebody else is only touched "
            + "with --adopt.",
        severity: "critical", sources: ["couch_replicator_doc_processor.erl"])

    package static func diagnose(_ situation: PairSituation) -> Finding? {
        guard let primary = situation.primary, primary.state == .completed || !primary.document.isContinuous else {
            return nil
        }
        let isDone = primary.state == .completed
        return finding(
            .critical, situation,
            isDone
                ? "the replication ran once and has ended; changes since then are not backed up"
                : "the replication is not continuous and will end when it has caught up",
            evidence: [
                "document": .text(primary.document.id), "state": .text(primary.state?.rawValue),
                "completedAt": isDone ? .time(primary.stateChanged) : nil,
            ], next: primary.isOwned ? "couchkeep check" : "couchkeep check --adopt")
    }

    package static func repair(_ finding: Finding, in situation: PairSituation) -> RepairAction? {
        situation.primary.map { .rewriteReplication(documentID: $0.document.id) }
    }
}
