import CouchDB
import Foundation

extension Supervisor {
    /// How many pairs are repaired at a time.
    private static let concurrentRepairs = 8
    /// How many steps a pass takes for a pair at most: a missing target is made in one, its replication in the next.
    static let repairRounds = 3

    /// Plans and takes one step for each pair that needs one; a dry run says all of them.
    func repair(_ keys: Set<String>, rescans: Set<String>, in pass: inout Pass) async throws {
        var steps: [(pair: Pair, action: RepairAction, rule: String)] = []
        pass.touched = []
        for pair in pass.pairs where keys.contains(pair.key) {
            guard var situation = pass.situations[pair.key] else { continue }
            situation.memory = pass.pairMemories[pair.key] ?? situation.memory
            let findings = pass.findings[pair.key] ?? []
            let adopts = pass.options.isAdopted(pair.name)
            let plans =
                pass.options.isDryRun
                ? RepairForecast(findings, in: situation, adopting: adopts, rescans: rescans).plans
                : [RepairPlan.plan(findings, in: situation, adopting: adopts, rescans: rescans)]
            for plan in plans {
                switch plan {
                case .none: break
                case .step(let action, let rule) where pass.options.isDryRun:
                    note(action, .planned, action.summary(for: pair), rule, for: pair, in: &pass)
                case .step(let action, let rule): steps.append((pair, action, rule))
                case .held(let action, let rule, let reason):
                    let detail = "\(action.summary(for: pair)); held back: \(reason)"
                    note(action, .planned, detail, rule, for: pair, in: &pass)
                case .givenUp(let action, let rule, let attempts):
                    giveUp(action, rule, attempts, for: pair, in: &pass)
                }
            }
        }
        try await take(steps, in: &pass)
    }

    /// Takes steps on several pairs at a time; what a server refuses is noted and tried again in a later pass.
    private func take(_ steps: [(pair: Pair, action: RepairAction, rule: String)], in pass: inout Pass) async throws {
        var ready: [(pair: Pair, action: RepairAction, rule: String)] = []
        for (pair, action, rule) in steps {
            var memory = pass.pairMemories[pair.key] ?? PairMemory()
            memory.repairs.note(action.name, at: now())
            if case .resetCheckpoints = action { memory.beginRescan(reason: rule, at: now()) }
            if case .createTarget = action { memory.creation = .begun }
            do {
                // The intent first: a kill after this line is found and finished by the next pass.
                try await state.store(memory, for: pair.key)
                pass.pairMemories[pair.key] = memory
                ready.append((pair, action, rule))
            } catch let error as StateError {
                note(
                    action, .failed, "not begun, since it could not be remembered: \(error)", rule, for: pair, in: &pass
                )
            }
        }
        let repairers = ready.map { step in
            let before: PairMemory.Creation? =
                if case .createTarget = step.action { nil } else { pass.pairMemories[step.pair.key]?.creation }
            return (step, repairer(for: step.pair, in: pass), before)
        }
        let outcomes = try await repairers.concurrentMap(atMost: Self.concurrentRepairs) { [state, now] entry in
            let (step, repairer, before) = entry
            var creation = before
            let outcome: Observed<String?> = try await .catching {
                guard let repairer else {
                    throw CouchError(.unreachable, "the server that runs the replication can't be reached")
                }
                return try await repairer.perform(step.action, creation: &creation) { evidence in
                    let record = RepairRecord(
                        action: step.action.name, at: now(), result: .planned, detail: "evidence before the repair",
                        rule: step.rule)
                    try await state.note(record, pair: step.pair.key, evidence: evidence)
                }
            }
            return (step, outcome, creation)
        }
        for (step, outcome, creation) in outcomes {
            let summary = step.action.summary(for: step.pair)
            if let error = outcome.error {
                note(step.action, .failed, "\(summary): \(error)", step.rule, for: step.pair, in: &pass)
                pass.pairMemories[step.pair.key]?.creation = creation
            } else {
                let unneeded = (outcome.value ?? nil).map { ": \($0)" } ?? ""
                note(step.action, .done, summary + unneeded, step.rule, for: step.pair, in: &pass)
                pass.touched.insert(step.pair.key)
                pass.pairMemories[step.pair.key]?.finish(step.action, at: now())
            }
            if let record = pass.repairs[step.pair.key]?.last { try await journal(record, for: step.pair, in: &pass) }
        }
    }

    /// Writes a repair into the journal. It was done, so a journal that can't be written must not end the pass.
    private func journal(_ record: RepairRecord, for pair: Pair, in pass: inout Pass) async throws {
        do {
            try await state.note(record, pair: pair.key)
        } catch let error as StateError {
            let last = (pass.repairs[pair.key]?.count ?? 1) - 1
            pass.repairs[pair.key]?[last].detail += " (not written into the journal: \(error.detail))"
        }
    }

    private func repairer(for pair: Pair, in pass: Pass) -> Repairer? {
        guard let source = servers[pair.source.server], let target = servers[pair.target.server],
            let coordinator = servers[pair.coordinator]?.connection,
            let info = pass.servers[pair.coordinator]?.info.value
        else { return nil }
        return Repairer(
            pair: pair,
            desired: DesiredReplication(
                pair: pair, source: source.access, target: target.access, coordinator: info),
            source: source.connection.database(pair.source.database),
            target: target.connection.database(pair.target.database),
            coordinator: coordinator, coordinatorInfo: info, pacing: pacing)
    }

    private func note(
        _ action: RepairAction, _ result: RepairRecord.Result, _ detail: String, _ rule: String, for pair: Pair,
        in pass: inout Pass
    ) {
        let record = RepairRecord(action: action.name, at: now(), result: result, detail: detail, rule: rule)
        // A later round of the same pass finds the same thing held back again; a dry run has one round.
        let isKnown = pass.repairs[pair.key, default: []].contains {
            $0.action == record.action && $0.result == record.result && $0.result != .done
        }
        if !isKnown || pass.options.isDryRun { pass.repairs[pair.key, default: []].append(record) }
    }

    /// Says aloud that a repair did not help.
    private func giveUp(
        _ action: RepairAction, _ rule: String, _ attempts: Int, for pair: Pair, in pass: inout Pass
    ) {
        note(
            action, .givenUp, "\(action.summary(for: pair)): given up after \(attempts) tries", rule, for: pair,
            in: &pass)
        guard let index = pass.findings[pair.key]?.firstIndex(where: { $0.rule == rule }) else { return }
        pass.findings[pair.key]?[index].giveUp(after: attempts)
    }
}
