import CouchDB
import Foundation

/// The steps that a pass would take for a pair, one after another, as far as they can be foreseen.
struct RepairForecast {
    /// The plans in their order; what is held back or given up is the last.
    let plans: [RepairPlan]

    init(_ findings: [Finding], in situation: PairSituation, adopting: Bool, rescans: Set<String> = []) {
        var (situation, findings, rescans) = (situation, findings, rescans)
        var plans: [RepairPlan] = []
        var actions: [RepairAction] = []
        for _ in 0..<Supervisor.repairRounds {
            let plan = RepairPlan.plan(findings, in: situation, adopting: adopting, rescans: rescans)
            guard let action = plan.anyAction, !actions.contains(action) else { break }
            plans.append(plan)
            actions.append(action)
            guard case .step = plan, let next = Self.findings(after: action, findings, in: &situation) else { break }
            findings = next
            rescans = []
        }
        self.plans = plans
    }

    /// Changes the situation as a step would, and says what would be found then; nil where only the servers can tell.
    private static func findings(
        after action: RepairAction, _ findings: [Finding], in situation: inout PairSituation
    ) -> [Finding]? {
        situation.memory.repairs.note(action.name, at: situation.now)
        switch action {
        case .createTarget(let q, let isPartitioned):
            // An empty database that never was before.
            let identity = String(Int(situation.now.timeIntervalSince1970 * 1_000_000))
            situation.observation.target = .present(
                DatabaseInfo(
                    name: situation.pair.target.database, documentCount: 0, deletedCount: 0, updateSequence: .zero,
                    instanceStartTime: identity, q: q, isPartitioned: isPartitioned))
        case .copySecurity:
            situation.memory.creation = nil
        case .removeReplication(let id):
            situation.observation.replication = situation.observation.replication.map { replication in
                var replication = replication
                replication.documents.removeAll { $0.document.id == id }
                return replication
            }
        case .rewriteReplication(let id), .restartReplication(let id), .resetCheckpoints(let id, _):
            if case .resetCheckpoints = action {
                situation.memory.beginRescan(reason: "", at: situation.now)
                situation.memory.finish(action, at: situation.now)
            }
            // What else was wrong with the document is mended too, or is for a later pass.
            return findings.filter { finding in
                let rule = RuleCatalogue.pairRules.first { $0.name == finding.rule }
                return rule?.repair(finding, in: situation)?.documentID != id
            }
        case .createReplication, .makeDurable:
            return nil
        }
        return RuleCatalogue.pairRules.compactMap { $0.diagnose(situation) }
    }
}

extension RepairPlan {
    /// The step that it is about, taken or not.
    fileprivate var anyAction: RepairAction? {
        switch self {
        case .none: nil
        case .step(let action, _), .held(let action, _, _), .givenUp(let action, _, _): action
        }
    }
}
