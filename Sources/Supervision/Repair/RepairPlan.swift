import CouchDB
import Foundation

/// What is to be done for a pair in one pass, and if nothing, why not.
package enum RepairPlan: Sendable, Hashable {
    /// Nothing has to be, or can be, repaired.
    case none
    /// This step, wanted by this rule.
    case step(RepairAction, rule: String)
    /// A step would help, but may not be taken.
    case held(RepairAction, rule: String, reason: String)
    /// It was tried too often and is given up.
    case givenUp(RepairAction, rule: String, attempts: Int)

    /// Chooses the first step of a pair: the smallest that helps, in the order of the catalogue.
    ///
    /// Nothing is repaired while a fact that the repair stands on is unknown, or while repairing could destroy the only
    /// good copy: when a server was replaced, or the source was replaced, rolled back or deleted.
    package static func plan(
        _ findings: [Finding], in situation: PairSituation, adopting: Bool, rescans: Set<String> = []
    ) -> RepairPlan {
        guard situation.pair.mode == .manage else { return .none }
        guard let (action, rule) = wanted(findings, in: situation, adopting: adopting, rescans: rescans)
        else { return .none }
        if let reason = obstacle(to: action, findings, in: situation) {
            return .held(action, rule: rule, reason: reason)
        }
        if let late = ReplicationPartial.blocker(in: situation),
            action == .createReplication || action.documentID == late.document.id
        {
            return .held(
                action, rule: rule,
                reason: "up to CouchDB 3.5.1 it would only fail, since one that begins at a later change has the same "
                    + "replication id; " + ReplicationPartial.step(without: late.document.id, in: situation))
        }
        if let id = action.documentID, !adopting, !isOwned(id, in: situation) {
            return .held(
                action, rule: rule,
                reason: "the replication document \(id) was made by somebody else; take it over with --adopt")
        }
        let plan =
            absentNodes(before: action, in: situation).map { RepairPlan.held(action, rule: rule, reason: $0) }
            ?? spend(action, rule, in: situation)
        if case .step = plan { return plan }
        // While a reset has to wait or is given up, the pair must not be without a replication.
        if case .resetCheckpoints = action, situation.replication?.documents.isEmpty == true,
            situation.replication?.foreignJobs.isEmpty == true, situation.bothDatabases != nil,
            case .step(let creation, _) = spend(.createReplication, rule, in: situation)
        {
            return .step(creation, rule: rule)
        }
        return plan
    }

    /// Why a step has to wait for nodes of a cluster that are away; nil where it has not.
    private static func absentNodes(before action: RepairAction, in situation: PairSituation) -> String? {
        let sides: [RollbackEvidence.Side]
        switch action {
        // Copies that are away would bring the checkpoints back.
        case .resetCheckpoints: sides = [.source, .target]
        // A node that was away knows nothing of a database that was made meanwhile.
        case .createTarget where situation.memory.targetSeen != nil: sides = [.target]
        default: return nil
        }
        return sides.first { situation.mayLackCopies($0) }.map { situation.absence(at: $0) }
    }

    /// Asks the budget whether a step may be taken now.
    private static func spend(_ action: RepairAction, _ rule: String, in situation: PairSituation) -> RepairPlan {
        switch situation.memory.repairs.verdict(on: action.name, at: situation.now, budget: situation.pair.budget) {
        case .allowed: return .step(action, rule: rule)
        case .wait(let until):
            let pause = Wording.duration(until.timeIntervalSince(situation.now))
            return .held(action, rule: rule, reason: "it was tried a short while ago; next try in \(pause)")
        case .givenUp(let attempts): return .givenUp(action, rule: rule, attempts: attempts)
        }
    }

    private static func wanted(
        _ findings: [Finding], in situation: PairSituation, adopting: Bool, rescans: Set<String>
    ) -> (RepairAction, rule: String)? {
        if situation.memory.creation != nil, situation.observation.target.info != nil {
            return (.copySecurity, TargetMissing.name)
        }
        if let missing = findings.first(where: { $0.rule == TargetMissing.name }),
            let action = TargetMissing.repair(missing, in: situation)
        {
            return (action, TargetMissing.name)
        }
        // A reading from the beginning that was cut short is finished before anything else.
        if let rescan = situation.memory.rescan, !rescan.isPrepared {
            let id = situation.primary?.document.id ?? situation.desired.documentID
            return (.resetCheckpoints(documentID: id, base: situation.memory.replicationBase), rescan.reason)
        }
        if rescans.contains(situation.pair.name), let primary = situation.primary {
            let base = primary.id?.base ?? situation.memory.replicationBase
            return (.resetCheckpoints(documentID: primary.document.id, base: base), "asked")
        }
        for rule in RuleCatalogue.pairRules {
            if let finding = findings.first(where: { $0.rule == rule.name }),
                let action = rule.repair(finding, in: situation)
            {
                return (adopting && isOnOthersPart(action, in: situation) ? .createReplication : action, rule.name)
            }
        }
        if adopting, let primary = situation.primary, !primary.isOwned {
            let action = RepairAction.rewriteReplication(documentID: primary.document.id)
            return (isOnOthersPart(action, in: situation) ? .createReplication : action, "adopt")
        }
        return nil
    }

    /// Whether a step would make a whole replication of one with which somebody copies a part, and may want just that.
    private static func isOnOthersPart(_ action: RepairAction, in situation: PairSituation) -> Bool {
        let id: String
        switch action {
        case .rewriteReplication(let document), .resetCheckpoints(let document, _): id = document
        default: return false
        }
        return situation.replication?.documents.contains {
            $0.document.id == id && !$0.isOwned && !$0.document.partialOptions.isEmpty
        } ?? false
    }

    /// What forbids a repair now; but for what ends a lock, every repair.
    private static func obstacle(
        to action: RepairAction, _ findings: [Finding], in situation: PairSituation
    ) -> String? {
        for (server, found) in [
            (situation.pair.source.server, situation.sourceServerFindings),
            (situation.pair.target.server, situation.targetServerFindings),
        ] where found.contains(where: { $0.rule == ServerReplaced.name }) {
            return "\(server) is another server than before; accept it with --adopt"
        }
        for (side, observed) in [
            (CrashedSide.source, situation.observation.source), (.target, situation.observation.target),
        ] {
            guard case .unknown(let error) = observed,
                !(error.isAccountLocked && endsLock(action, of: side, in: situation))
            else { continue }
            return "the \(side) could not be looked at: \(error.message)"
        }
        if let doubt = situation.doubt(about: .source) ?? situation.doubt(about: .target) { return doubt }
        if situation.observation.source == .missing {
            return "the source database does not exist, and the backup may be the only copy"
        }
        if findings.contains(where: { $0.rule == SourceIsTarget.name }) {
            return "source and target are the same database"
        }
        for rule in [SourceReplaced.name, SourceRolledBack.name] where findings.contains(where: { $0.rule == rule }) {
            return
                "the backup may be the only copy of what the source has lost (\(rule)); accept the source with --adopt"
        }
        return nil
    }

    private static func isOwned(_ documentID: String, in situation: PairSituation) -> Bool {
        guard let found = situation.replication?.documents.first(where: { $0.document.id == documentID }) else {
            // It is not there any more; only Couchkeep's own id is written anew.
            return documentID == situation.desired.documentID
        }
        return found.isOwned
    }
}
