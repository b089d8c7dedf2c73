import Backup
import Supervision

/// What a check changes of a report: each looks through the fleet once, however many pairs it is about.
extension Report {
    /// What the report calls the pairs, by their keys.
    var names: [String: String] { Dictionary(pairs.map { ($0.key, $0.pair) }, uniquingKeysWith: { first, _ in first }) }

    /// Adds repairs to pairs, unless they are there.
    ///
    /// - Parameter name: what the pairs are known by in `records`.
    mutating func add(_ records: [String: [RepairRecord]], by name: (PairReport) -> String = { $0.key }) {
        guard !records.isEmpty else { return }
        for index in pairs.indices {
            guard let records = records[name(pairs[index])] else { continue }
            pairs[index].repairs += records.filter { !pairs[index].repairs.contains($0) }
        }
    }

    /// Puts what backups have come to in the place of what was known of them, unless a later look is there already.
    ///
    /// - Parameters:
    ///   - memories: what is remembered of the pairs, by their targets, which takes the backups in.
    ///   - before: what was known before the check looked, by the pairs' keys; empty where another check has looked since.
    mutating func renew(
        with states: [VaultState], _ memories: inout [String: VaultMemory], before: [String: PairReport]
    ) {
        let indices = Dictionary(
            self.pairs.enumerated().map { ($1.key, $0) }, uniquingKeysWith: { first, _ in first })
        var pairs = pairs
        for var state in states {
            var memory = memories[state.pair.target] ?? VaultMemory()
            defer { memories[state.pair.target] = memory }
            let known = memory.backup
            memory.advance(state.backup, at: state.at)
            let epoch = memory.noteEpoch(state.backup, since: known, at: state.at)
            memory.note(state.damage, at: state.at)
            memory.noteQuiet(state)
            guard at <= state.at, let index = indices[state.pair.key] else { continue }
            state.standing =
                pairs[index].findings.filter {
                    VaultState.standingRules.contains($0.rule) && !VaultState.ofBackup.contains($0.rule)
                }
            state.stand(
                epoch, memory.lost(at: state.at),
                memory.damaged(state.backup, since: pairs[index].since(BackupDamaged.name), at: state.at))
            (state.pairSince, state.newestSince) = (memory.source.firstSeen, memory.backupSince)
            let found = state.report(before: before[state.pair.key] ?? pairs[index])
            pairs[index].lights.replicating = found.lights.replicating
            pairs[index].lag = found.lag
            pairs[index].findings =
                found.findings + pairs[index].findings.filter { !VaultState.allRules.contains($0.rule) }
        }
        self = with(pairs: pairs)
    }
}
