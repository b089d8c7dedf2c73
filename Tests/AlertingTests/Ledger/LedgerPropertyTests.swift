import Alerting
import Foundation
import Testing

/// What must hold for any history of conditions.
@Suite struct LedgerPropertyTests {
    @Test func everyEpisodeIsToldInOrder() {
        let seed = UInt64.random(in: 0...UInt64.max)
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<200 {
            let policy = AlertPolicy(settlePasses: Int.random(in: 1...3, using: &generator))
            var ledger = Ledger()
            var open: [String: Severity] = [:]
            for minute in 0..<60 {
                let conditions = randomConditions(using: &generator)
                let pass = AlertPass(at: minutes(Double(minute * 5)), conditions: conditions)
                let held = Set(conditions.map(\.fingerprint))
                for transition in ledger.advance(pass, policy: policy) {
                    let name = transition.condition.fingerprint
                    switch transition.kind {
                    case .new:
                        #expect(open[name] == nil, "told as new twice, seed \(seed)")
                        #expect(held.contains(name), "seed \(seed)")
                        open[name] = transition.severity
                    case .worse:
                        #expect(open[name].map { $0 < transition.severity } == true, "seed \(seed)")
                        open[name] = transition.severity
                    case .reminder: #expect(open[name] != nil, "seed \(seed)")
                    case .resolved:
                        #expect(open.removeValue(forKey: name) != nil, "resolved and never told, seed \(seed)")
                        #expect(!held.contains(name), "seed \(seed)")
                    }
                }
                // What was told and ended with its cause was part of the cause's message.
                for name in open.keys where ledger.records[name] == nil { open[name] = nil }
                // Nothing that holds by itself goes untold.
                for condition in conditions where ledger.records[condition.fingerprint]?.foldedUnder == nil {
                    #expect(open[condition.fingerprint] != nil, "seed \(seed)")
                }
            }
        }
    }

    private func randomConditions(using generator: inout SeededGenerator) -> [Condition] {
        let names = ["a", "b", "c", "d", "e"]
        return names.filter { _ in Bool.random(using: &generator) }.map { name in
            let cause = Int.random(in: 0..<3, using: &generator) == 0 ? names.randomElement(using: &generator) : nil
            return .sample(
                name, Severity.allCases.randomElement(using: &generator) ?? .notice, cause: cause)
        }
    }
}
