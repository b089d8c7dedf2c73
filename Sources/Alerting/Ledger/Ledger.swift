import Foundation

/// What was told about which condition, and so what is due to be told now.
///
/// A value: ``advance(_:policy:)`` decides from the conditions of a pass and from what is remembered, and does nothing
/// else. Whoever stores it must store the ledger and the message in one transaction; then nothing is told twice or
/// never.
///
/// - A condition that is new, or worse than was told, is due at once.
/// - One that stays is due again after the policy's reminder; if one reminder is due, those half as old go with it, so
///   that problems of different ages end up in one message. A notice is never reminded.
/// - One that is gone for `settlePasses` passes in a row is resolved; that is told if the problem was.
/// - One that could not be judged stays as it was.
/// - One that is explained by another open condition is folded into it and not told by itself. When the cause goes, what
///   was folded gets as many passes to recover as the cause gets to settle; what then remains is new.
/// - What nobody can hear is not told: whoever is there to hear later is told what is open then.
package struct Ledger: Sendable, Hashable, Codable {
    /// The open conditions by fingerprint.
    package private(set) var records: [String: AlertRecord]

    package init(records: some Sequence<AlertRecord> = []) {
        self.records = Dictionary(records.map { ($0.condition.fingerprint, $0) }, uniquingKeysWith: { $1 })
    }

    /// Takes in what a pass found, and returns what is due to be told, in the order of a message; empty: nothing.
    ///
    /// - Parameter isHeard: Whether there is anybody to tell.
    package mutating func advance(_ pass: AlertPass, policy: AlertPolicy, isHeard: Bool = true) -> [Transition] {
        observe(pass)
        let settled = records.filter { $0.value.absentPasses >= policy.settlePasses }
        for fingerprint in settled.keys { records[fingerprint] = nil }
        let explained = fold()
        guard isHeard else { return [] }
        let due = recoveries(of: settled, in: pass) + tellings(explained, at: pass.at, policy: policy)
        return due.sorted(by: Transition.inMessageOrder)
    }

    private mutating func observe(_ pass: AlertPass) {
        // The same fingerprint twice in a pass is one condition, the worse of the two.
        let seen = Dictionary(
            pass.conditions.map { ($0.fingerprint, $0) }, uniquingKeysWith: { $0.severity >= $1.severity ? $0 : $1 })
        for (fingerprint, condition) in seen where records[fingerprint] == nil {
            guard let old = records.first(where: { isRenamed($0.value, to: condition, in: pass, seen) })?.key else {
                continue
            }
            records[fingerprint] = records.removeValue(forKey: old)
        }
        for (fingerprint, condition) in seen {
            var record = records[fingerprint] ?? AlertRecord(first: condition, at: pass.at)
            record.see(condition, at: pass.at)
            records[fingerprint] = record
        }
        for (fingerprint, record) in records where seen[fingerprint] == nil && pass.couldJudge(record.condition) {
            records[fingerprint]?.miss(at: pass.at)
        }
    }

    /// Whether an open condition is one that has only come to be called otherwise, as after a server got another name.
    private func isRenamed(
        _ record: AlertRecord, to condition: Condition, in pass: AlertPass, _ seen: [String: Condition]
    ) -> Bool {
        let old = record.condition
        return old.rule == condition.rule && old.since == condition.since && !pass.isWatched(old)
            && seen[old.fingerprint] == nil
    }

    private func recoveries(of settled: [String: AlertRecord], in pass: AlertPass) -> [Transition] {
        let folded = Dictionary(grouping: settled.values, by: \.foldedUnder)
        return settled.compactMap { fingerprint, record in
            guard record.firstTold != nil else { return nil }
            // What was told by itself and ends together with its cause is part of the cause's recovery.
            if let cause = record.foldedUnder, settled[cause]?.firstTold != nil { return nil }
            return Transition(
                .resolved, record.condition, severity: record.toldSeverity, since: record.since,
                lastSeen: record.lastSeen, endedAt: record.absentSince,
                folded: FoldedConditions((folded[fingerprint] ?? []).map(\.condition)),
                isUnwatched: pass.isWatched(record.condition) ? nil : true)
        }
    }

    /// Folds each condition into its cause, and returns what each cause explains.
    private mutating func fold() -> [String: [Condition]] {
        let causes = Dictionary(uniqueKeysWithValues: records.keys.map { ($0, rootCause(of: $0)) })
        var explained: [String: [Condition]] = [:]
        for (fingerprint, cause) in causes {
            records[fingerprint]?.foldedUnder = cause
            guard let cause, let record = records[fingerprint], record.absentPasses == 0 else { continue }
            explained[cause, default: []].append(record.condition)
        }
        return explained
    }

    private mutating func tellings(
        _ explained: [String: [Condition]], at time: Date, policy: AlertPolicy
    ) -> [Transition] {
        let roots = records.filter { $0.value.foldedUnder == nil && $0.value.absentPasses == 0 }
        let remindFrom = policy.reminder.flatMap { interval in
            roots.values.contains { $0.isReminded && $0.wasTold(atLeast: interval, before: time) } ? interval / 2 : nil
        }
        return roots.compactMap { fingerprint, record in
            let children = explained[fingerprint] ?? []
            let severity = children.map(\.severity).reduce(record.condition.severity, max)
            guard severity >= policy.tellFrom else { return nil }
            guard let kind = record.due(severity, at: time, remindFrom: remindFrom) else { return nil }
            records[fingerprint]?.tell(severity, at: time)
            return Transition(
                kind, record.condition, severity: severity, since: record.since, lastSeen: record.lastSeen,
                folded: FoldedConditions(children))
        }
    }

    /// The open condition at the end of the chain of causes; nil where it stands for itself.
    private func rootCause(of fingerprint: String) -> String? {
        var visited: Set<String> = [fingerprint]
        var current = fingerprint
        while let next = directCause(of: current) {
            // A circle of causes explains nothing.
            guard visited.insert(next).inserted else { return nil }
            current = next
        }
        return current == fingerprint ? nil : current
    }

    private func directCause(of fingerprint: String) -> String? {
        guard let record = records[fingerprint] else { return nil }
        if let cause = record.condition.cause, records[cause] != nil { return cause }
        // The cause has just gone: what it explained gets time to recover.
        if let cause = record.foldedUnder, let former = records[cause], former.absentPasses > 0 { return cause }
        return nil
    }
}

extension AlertRecord {
    fileprivate var isReminded: Bool { (toldSeverity ?? .notice) > .notice }

    /// What is due to be told about a condition that holds and stands for itself.
    fileprivate func due(_ severity: Severity, at time: Date, remindFrom: Duration?) -> Transition.Kind? {
        // What is only remembered and could not be judged now is no news.
        guard firstTold != nil, let toldSeverity else { return lastSeen == time ? .new : nil }
        if severity > toldSeverity { return .worse }
        // It may be later than the pass that tells of it, which began before it looked.
        let toldBefore = toldOccurrence ?? lastTold ?? .distantPast
        if let occurrence = condition.occurrence, occurrence > toldBefore { return .new }
        if let remindFrom, isReminded, wasTold(atLeast: remindFrom, before: time) { return .reminder }
        return nil
    }
}
