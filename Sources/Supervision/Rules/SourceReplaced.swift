import CouchDB
import Foundation

/// The source is not the database that it was.
package enum SourceReplaced: PairRule {
    package static let name = "source-replaced"
    package static let explanation = RuleExplanation(
        title: "the source database was deleted and made anew, or another one stands in its place",
        what:
            "The name is the same, the database is another. The replication starts from the beginning and mixes the new "
            + "documents with the old ones, whose deletions will never arrive. A backup in the vault begins a new epoch: the "
            + "old one's moments stay what they were.",
        consequence:
            "The backup holds two databases in one, and a restore from it would bring back both; not so in the vault. It may "
            + "also be the only copy of the old database.",
        evidence: "instance_start_time of the source differs from the one remembered (3.3 and later).",
        repair:
            "None by Couchkeep, since the old backup may be all that is left. Choose a new target and keep the old one, or bring "
            + "the old database back from the vault's moments before; or "
            + "accept the new source with: couchkeep check --adopt",
        severity: "critical", sources: ["apache/couchdb#3901"])

    package static func diagnose(_ situation: PairSituation) -> Finding? {
        guard situation.isSourceOther, !situation.mayPass(name, .source) else { return nil }
        return finding(
            .critical, situation,
            "the source is not the database that it was; the backup may be the only copy of the old one",
            evidence: [
                "identityBefore": .text(situation.memory.sourceIdentity),
                "identityNow": .text(situation.observation.sourceIdentity),
                "documentsBefore": .count(situation.memory.sourceCounts?.documents),
                "documentsNow": .count(situation.observation.source.info?.documentCount),
            ], next: "keep the old backup and give the pair a new target, or accept: couchkeep check --adopt")
    }
}
