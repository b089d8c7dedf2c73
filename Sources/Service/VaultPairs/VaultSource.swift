import CouchDB
import Foundation
import Supervision

/// Applies the rules about sources to a pair whose target is the vault.
struct VaultSource: Sendable {
    /// The rules that say something of a source alone, whatever its backup is.
    static let rules: [any PairRule.Type] = [
        SourceMissing.self, SourceReplaced.self, SourceRolledBack.self, MassDeletion.self,
    ]

    var pair: VaultPair
    var observation: DatabaseObservation
    /// The nodes with copies of it that are away.
    var nodesAway: NodesAway?
    var at: Date
    /// The findings about the source's server.
    var serverFindings: [Finding]

    /// What is found, and remembered.
    func diagnose(_ memory: inout PairMemory) -> [Finding] {
        memory.clamp(to: at)
        let situation = situation(memory)
        let found = Self.rules.compactMap { $0.diagnose(situation) }
        memory.advance(after: situation, findings: found)
        return found.map { Self.worded($0, for: pair) }
    }

    private func situation(_ memory: PairMemory) -> PairSituation {
        let supervised = Pair(
            name: pair.name, source: pair.source, target: DatabaseAddress(server: "vault", database: pair.name),
            mode: pair.mode, thresholds: pair.thresholds)
        let unasked = CouchError(.notFound, "no server holds the backup, and no job replicates it")
        // Nothing replicates such a pair; none of the rules here looks at what would.
        let access = ReplicationAccess(url: pair.database.server.url)
        var seen = PairObservation(
            pair: supervised, at: at, sourceServer: .unknown(unasked), targetServer: .unknown(unasked),
            source: observation, target: .unknown(unasked), replication: .unknown(unasked), progress: .unknown(unasked))
        seen.sourceNodesAway = nodesAway
        return PairSituation(
            observation: seen, memory: memory, sourceServerFindings: serverFindings,
            desired: DesiredReplication(pair: supervised, source: access, target: access))
    }

    /// The finding with the step that a backup with a past makes possible.
    static func worded(_ finding: Finding, for pair: VaultPair) -> Finding {
        let name = ShellWord.quoted(pair.name)
        let restore = "couchkeep vault list \(name), couchkeep restore \(name) --at TIME --to URL"
        var finding = finding
        switch finding.rule {
        case SourceReplaced.name:
            finding.summary = "the source is not the database that it was; the old one is in the moments before"
            finding.next = "bring the old one back: \(restore); or accept: couchkeep check --adopt"
        case SourceRolledBack.name:
            finding.summary = "the source was put back to an older state; what it has lost is in the moments before"
            finding.next = "bring back what is lost: \(restore); or accept: couchkeep check --adopt"
        case MassDeletion.name:
            finding.next = "if that was not wanted: \(restore)"
        default: break
        }
        finding.next = AdoptionStep.naming(pair.target, in: finding.next)
        return finding
    }
}
