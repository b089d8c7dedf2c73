import Backup
import Foundation
import Supervision

/// What is remembered of drills, and how often they are wanted.
struct DrillEvidence: Sendable {
    /// By their backups, the newest first.
    var drills: [String: [DrillReport]] = [:]
    /// How often there are to be others; nil where that is left to people.
    var schedule: DrillSchedule?
    /// Since when there is a backup to rehearse, by the pairs' keys.
    var dueSince: [String: Date] = [:]
    /// The scratch databases that may still be there.
    var scratches: [StoredScratches.Scratch] = []

    /// As the state database has it.
    ///
    /// - Throws: `StateError`.
    static func stored(_ state: StateDatabase, _ configuration: Configuration) async throws -> DrillEvidence {
        let store = StoredDrills(state)
        return DrillEvidence(
            drills: try await store.histories(), schedule: DrillSchedule(configuration),
            dueSince: try await store.dueSince(), scratches: try await StoredScratches(state).all())
    }
}

extension Report {
    /// The report with what drills say of its pairs, in the place of what earlier ones said.
    ///
    /// - Parameter evidence: which drills count, for backups of which some may be about another one; by target.
    func showing(_ known: DrillEvidence, evidence: [String: EvidenceSpan] = [:], at now: Date) -> Report {
        let pairs = pairs.map { pair in
            var pair = pair
            pair.findings.removeAll { Self.drillRules.contains($0.rule) }
            guard pair.mode != .off else { return pair }
            let restorable = RestorableLight(
                drills: known.drills[pair.target] ?? [], within: evidence[pair.target], schedule: known.schedule,
                dueSince: known.dueSince[pair.key], now: now)
            if let light = restorable.light { pair.lights.restorable = light }
            // One finding is enough: the next step removes all.
            let leftover = known.scratches.filter { $0.backup == pair.target }
                .lazy.compactMap { DrillLeftover.finding($0, pair: pair.pair, at: now) }.first
            pair.findings += [restorable.finding, restorable.hindrance(of: pair.pair), leftover].compactMap(\.self)
            return pair
        }
        return Report(at: at, pairs: pairs, servers: servers, unprotected: unprotected, channels: channels)
    }

    /// The rules that drills decide about.
    static let drillRules: Set<String> = [
        DrillFailed.name, DrillOverdue.name, DrillImpossible.name, DrillLeftover.name,
    ]
}
