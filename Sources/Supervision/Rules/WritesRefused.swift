import CouchDB
import Foundation

/// The target refused documents, and the job went past them.
package enum WritesRefused: PairRule {
    package static let name = "writes-refused"
    package static let explanation = RuleExplanation(
        title: "the target refused documents, and they are missing from the backup",
        what:
            "A validate_doc_update function, a size limit or a missing right made the target refuse documents. CouchDB counts "
            + "them in doc_write_failures, goes past them and never tries them again, not even when the cause is gone. The "
            + "state stays running.",
        consequence:
            "The refused documents are not in the backup, and never will be without a new reading from the beginning.",
        evidence:
            "doc_write_failures of the job or of the checkpoints' history, without those of which a verification has found "
            + "that they are there by now. The largest number ever seen is remembered, since the counter starts again with "
            + "a new session.",
        repair:
            "Remove the cause: a backup target should have no validation functions and no smaller limits than the source. "
            + "When Couchkeep sees that the target's validation functions have changed, it lets the job read the source from "
            + "the beginning, and the finding ends when that has brought everything. Each check verifies the pair, names the "
            + "documents, and tries to copy them (the target's reason is told where it refuses them again); the finding "
            + "ends when a verification says equal. After any other cause: couchkeep check --rescan PAIR. "
            + "For pairs of mode watch: couchkeep repair PAIR copies them, and the finding ends when couchkeep verify PAIR says "
            + "equal.",
        severity: "critical", sources: ["apache/couchdb#1734, #1418"])

    package static func diagnose(_ situation: PairSituation) -> Finding? {
        let memory = situation.memory
        let seen = situation.replication?.statistics?.documentWriteFailures ?? 0
        // A checkpoint from before a rescan speaks of an earlier reading.
        let log = situation.observation.inspection?.targetLog.value ?? nil
        let logged = situation.isRescanning ? 0 : log?.largestWriteFailures ?? 0
        // A reading from the beginning that this pass sees complete has settled all earlier refusals.
        let isSettled = !situation.proof.isDemanded && memory.isRescanning && !situation.isRescanning
        let isProved = memory.areRefusalsProved(by: situation.proof)
        let settled = isProved ? max(memory.refused, memory.settledRefusals ?? 0) : memory.settledRefusals ?? 0
        // What was refused before everything was found in the target is no loss any more.
        let refused = max(
            seen - (isProved ? settled : memory.settledInSession ?? 0), logged - settled,
            isSettled || isProved ? 0 : memory.refused - (memory.refusedBefore ?? 0))
        guard refused > 0 else { return nil }
        let validators = situation.observation.inspection?.validators ?? memory.refusedValidators
        let names = validators?.keys.sorted() ?? []
        let why =
            names.isEmpty
            ? ""
            : "; the target has \(names.count == 1 ? "a validation function" : "validation functions") in \(names.joined(separator: ", "))"
        return finding(
            .critical, situation,
            "the target refused \(Wording.documents(refused)), which \(refused == 1 ? "is" : "are") missing from the backup\(why)",
            evidence: [
                "refused": .count(refused), "refusedInThisSession": .count(seen),
                "validators": validators.map { .object($0.mapValues { .string($0) }) },
                "rescanning": situation.isRescanning ? true : nil,
            ],
            next:
                "remove the cause on \(situation.pair.target.server), then: couchkeep "
                + (situation.pair.mode == .manage ? "check --rescan" : "repair")
                + " \(ShellWord.quoted(situation.pair.name))"
        )
    }

    package static func repair(_ finding: Finding, in situation: PairSituation) -> RepairAction? {
        guard !situation.memory.isRescanning, let primary = situation.primary,
            let before = situation.memory.refusedValidators, let now = situation.observation.inspection?.validators,
            before != now
        else { return nil }
        return .resetCheckpoints(
            documentID: primary.document.id, base: primary.id?.base ?? situation.memory.replicationBase)
    }
}
