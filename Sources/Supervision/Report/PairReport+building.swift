import CouchDB
import Foundation

extension PairReport {
    /// Reports a pair after a pass.
    init(
        _ situation: PairSituation, memory: PairMemory, findings: [Finding], repairs: [RepairRecord], source: String,
        target: String
    ) {
        let seconds = situation.lagSeconds
        self.init(
            pair: situation.pair.name, source: source, target: target, mode: situation.pair.mode,
            lights: Lights(
                replicating: Self.replicating(situation, memory: memory, findings: findings),
                verified: Light(state: .off, since: nil, summary: "no verification is configured"),
                restorable: Light(state: .off, since: nil, summary: "no drill is configured")),
            lag: Lag(changes: situation.pending, seconds: seconds.map { Int($0) }), findings: findings, repairs: repairs
        )
    }

    /// The Replicating light: good only where changes are known to flow and the lag is known.
    static func replicating(_ situation: PairSituation, memory: PairMemory, findings: [Finding]) -> Light {
        let bad = findings.filter(\.isProblem)
        // The deepest cause is named first; among equals the worst.
        if let worst = bad.first(where: { $0.severity == .critical }) ?? bad.first {
            return light(.problem, worst.summary, memory)
        }
        if let blind = findings.first(where: { $0.rule == Blind.name }) {
            return light(.unknown, blind.summary, memory)
        }
        if let side = [RollbackEvidence.Side.source, .target].first(where: { situation.mayLackCopies($0) }) {
            return light(.unknown, situation.absence(at: side), memory)
        }
        guard let pending = situation.pending else {
            return light(.unknown, "the lag is not known yet", memory)
        }
        if let notice = findings.first(where: { $0.rule == ReplicationBehind.name }) {
            return light(.ok, notice.summary, memory)
        }
        if let primary = situation.primary, primary.state == .crashing || primary.state == .error {
            // Within the grace of replication-crashing, as after a restart of a server.
            return light(.ok, "the job has just stopped with an error and is tried again by CouchDB", memory)
        }
        if pending == 0 { return light(.ok, "caught up", memory) }
        let seconds = situation.lagSeconds.map { ", \(Wording.duration($0)) behind" } ?? ""
        return light(.ok, "\(Wording.changes(pending)) to copy\(seconds)", memory)
    }

    private static func light(_ state: Light.State, _ summary: String, _ memory: PairMemory) -> Light {
        Light(
            state: state, since: memory.light == state.rawValue ? memory.lightSince : memory.lastPass, summary: summary)
    }

    /// A pair at which nobody looks.
    static func off(_ pair: Pair, source: String, target: String) -> PairReport {
        let light = Light(state: .off, since: nil, summary: "the pair is switched off")
        return PairReport(
            pair: pair.name, source: source, target: target, mode: .off,
            lights: Lights(replicating: light, verified: light, restorable: light),
            lag: Lag(changes: nil, seconds: nil),
            findings: [], repairs: [])
    }
}
