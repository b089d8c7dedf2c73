import CouchDB
import Foundation

/// The target is not the database that it was.
package enum TargetReplaced: PairRule {
    package static let name = "target-replaced"
    package static let explanation = RuleExplanation(
        title: "the target database was deleted and made anew, or another one stands in its place",
        what:
            "The name is the same, the database is another. A job with create_target makes an empty one at each start. Before "
            + "3.3 an idle job even writes its next checkpoint into the new, empty database and goes on.",
        consequence: "The backup is empty or holds something else, while the job reports running.",
        evidence: "instance_start_time of the target differs from the one remembered (3.3 and later).",
        repair:
            "Couchkeep deletes the checkpoints on both sides, so that everything is copied again, and remembers the new "
            + "database. The finding ends when the target has caught up, or a verification finds both equal.",
        severity: "critical", sources: ["apache/couchdb#3897, #3901"])

    package static func diagnose(_ situation: PairSituation) -> Finding? {
        if let latch = situation.memory.latches[name] {
            if situation.isMended(latch) || situation.proof.proves(since: latch.since) { return nil }
            return Finding(
                rule: name, severity: .critical, since: latch.since,
                summary: latch.summary + (situation.memory.isRescanning ? "; it is being filled again" : ""),
                evidence: latch.evidence, next: "couchkeep status")
        }
        guard let before = situation.memory.targetIdentity, let now = situation.observation.targetIdentity,
            before != now, !situation.mayPass(name, .target)
        else { return nil }
        let held = situation.observation.target.info.map { Wording.documents($0.documentCount) } ?? "nothing"
        return finding(
            .critical, situation, "the target is not the database that it was; the one found there then held \(held)",
            evidence: [
                "identityBefore": .string(before), "identityNow": .string(now),
                "documentsBefore": .count(situation.memory.targetCounts?.documents),
                "documentsNow": .count(situation.observation.target.info?.documentCount),
                "missing": .count(situation.missingNow),
            ], next: "couchkeep check")
    }

    package static func repair(_ finding: Finding, in situation: PairSituation) -> RepairAction? {
        guard let primary = situation.primary else { return nil }
        if situation.isBeingMended(since: finding.since) { return nil }
        return .resetCheckpoints(
            documentID: primary.document.id, base: primary.id?.base ?? situation.memory.replicationBase)
    }
}
