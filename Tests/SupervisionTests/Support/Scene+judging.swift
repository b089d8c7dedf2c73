import CouchDB
import Foundation

@testable import Supervision

/// What Couchkeep makes of a scene.
extension Scene {
    /// The progress, with the moment up to which the target has everything, as the observer finds it out.
    private var measured: Observed<ReplicationProgress> {
        progress.map { progress in
            guard progress.pending ?? 0 > 0, let reached = progress.checkpoint.displayNumber else { return progress }
            var progress = progress
            let tried = memory.samples.suffix(1) + memory.samples.prefix(1)
            progress.coveredUntil = tried.first { ($0.sequence.displayNumber ?? 0) <= reached }?.at
            return progress
        }
    }

    var situation: PairSituation {
        var observation = PairObservation(
            pair: pair, at: now, sourceServer: sourceServer, targetServer: targetServer, source: source,
            target: target, replication: replicationError.map { .unknown($0) } ?? .known(replication),
            progress: measured, inspection: inspection)
        observation.sourceNodesAway = copiesAway(from: source, sourceNodes)
        observation.targetNodesAway = copiesAway(from: target, targetNodes)
        return PairSituation(
            observation: observation, memory: memory,
            sourceServerFindings: sourceServerFindings + nodeFindings(sourceNodes, "production"),
            targetServerFindings: targetServerFindings + nodeFindings(targetNodes, "standby"),
            desired: desired, proof: proof, equalSince: equalSince)
    }

    /// As of shards of which nobody tells where their copies lie.
    private func copiesAway(from database: DatabaseObservation, _ nodes: Membership?) -> NodesAway? {
        guard let nodes, let counts = database.copyCounts(in: nodes) else { return nil }
        return NodesAway(nodes, nil, counts)
    }

    private func nodeFindings(_ nodes: Membership?, _ server: String) -> [Finding] {
        nodes.flatMap { Scene.nodesAway($0, at: server, since: now) }.map { [$0] } ?? []
    }

    /// The findings of all rules.
    var findings: [Finding] { RuleCatalogue.pairRules.compactMap { $0.diagnose(situation) } }

    /// The names of the rules that find something, sorted.
    var found: [String] { findings.map(\.rule).sorted() }

    /// The finding of one rule.
    func finding(_ rule: String) -> Finding? { findings.first { $0.rule == rule } }

    /// Looks once, and remembers; returns the names of the rules that found something.
    mutating func pass() -> [String] {
        let findings = findings
        memory.advance(after: situation, findings: findings)
        return findings.map(\.rule).sorted()
    }

    /// What a repair would be.
    func plan(adopting: Bool = false) -> RepairPlan {
        RepairPlan.plan(findings, in: situation, adopting: adopting)
    }
}

extension RepairPlan {
    /// The step that would be taken now.
    var action: RepairAction? {
        guard case .step(let action, _) = self else { return nil }
        return action
    }

    /// Why a step is held back.
    var obstacle: String? {
        guard case .held(_, _, let reason) = self else { return nil }
        return reason
    }
}
