import CouchDB
import Foundation

/// No node has picked the document up.
package enum ReplicationNeverStarted: PairRule {
    package static let name = "replication-never-started"
    package static let explanation = RuleExplanation(
        title: "no server has picked the replication document up",
        what:
            "The document exists, but its state is null and there is no job. The list _scheduler/docs leaves such documents "
            + "out. Known causes are a cluster that was not stable at its start and a document processor that died. On 1.x "
            + "the document says triggered, which is written once and never taken back, and _active_tasks does not list it.",
        consequence: "Nothing is copied, and no list shows an error.",
        evidence:
            "GET _scheduler/docs/_replicator/{id} answers a null state, or 404, for longer than the start may take.",
        repair:
            "Couchkeep writes the document again, which makes the server look at it. If that doesn't help, the node that "
            + "owns the document must be restarted.",
        severity: "critical", sources: ["apache/couchdb#1002, #5185"])

    package static func diagnose(_ situation: PairSituation) -> Finding? {
        guard let primary = situation.primary, primary.document.recordedState != .completed, primary.task == nil,
            primary.state == nil || primary.state == .initializing,
            let since = waitingSince(situation), let waited = situation.elapsed(since: since),
            waited >= situation.pair.thresholds.startGrace
        else { return nil }
        return finding(
            .critical, situation, "no server has picked the replication document up, so nothing is copied",
            evidence: [
                "document": .text(primary.document.id), "state": primary.state.map { .string($0.rawValue) } ?? .null,
                "recordedState": .text(primary.document.recordedState?.rawValue), "waitingSince": .time(since),
            ], next: "couchkeep check")
    }

    package static func repair(_ finding: Finding, in situation: PairSituation) -> RepairAction? {
        situation.primary.map { .rewriteReplication(documentID: $0.document.id) }
    }

    /// Since when the document has been there and not been picked up: a restart of the server begins that anew.
    private static func waitingSince(_ situation: PairSituation) -> Date? {
        let memory = situation.memory
        guard let document = memory.documentFirstSeen, let state = memory.stateSince,
            memory.state == "none"
        else { return nil }
        return max(document, state)
    }
}
