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
    /// Why the place for drills takes none; nil where it may.
    var outage: DrillOutage?
    /// The scratch databases that may still be there.
    var scratches: [StoredScratches.Scratch] = []
    /// What the configuration calls the servers of those for which one can be asked, by their URLs.
    var places: [String: String] = [:]

    /// As the state database has it.
    ///
    /// - Throws: `StateError`.
    static func stored(_ state: StateDatabase, _ configuration: Configuration) async throws -> DrillEvidence {
        let store = StoredDrills(state)
        let scratches = try await StoredScratches(state).all()
        return DrillEvidence(
            drills: try await store.histories(), schedule: DrillSchedule(configuration),
            dueSince: try await store.dueSince(), outage: try await store.outage(), scratches: scratches,
            places: scratches.reduce(into: [:]) { $0[$1.url] = $1.place(in: configuration)?.name })
    }
}

extension Report {
    /// The report with what drills say of its pairs, in the place of what earlier ones said.
    ///
    /// - Parameter evidence: which drills count, for backups of which some may be about another one; by target.
    func showing(_ known: DrillEvidence, evidence: [String: EvidenceSpan] = [:], at now: Date) -> Report {
        let leftovers = self.leftovers(known, at: now)
        var cause = known.outage.flatMap { self.cause(of: $0) }
        let pairs = pairs.map { pair in
            var pair = pair
            pair.findings.removeAll { Self.drillRules.contains($0.rule) }
            guard pair.mode != .off else { return pair }
            let restorable = RestorableLight(
                drills: known.drills[pair.target] ?? [], within: evidence[pair.target], schedule: known.schedule,
                dueSince: known.dueSince[pair.key], outage: known.outage, now: now)
            if let light = restorable.light { pair.lights.restorable = light }
            let hindrance = restorable.hindrance(of: pair.pair, cause: cause)
            if restorable.outage != nil, cause == nil, let hindrance, hindrance.severity != .notice {
                // The first one is told for all.
                cause = Finding.fingerprint(rule: hindrance.rule, subject: pair.pair)
            }
            pair.findings += [restorable.finding, hindrance, leftovers[.pair(pair.pair)]].compactMap(\.self)
            return pair
        }
        let servers = servers.map { server in
            var server = server
            server.findings.removeAll { $0.rule == DrillLeftover.name }
            if let leftover = leftovers[.server(server.name)] { server.findings.append(leftover) }
            return server
        }
        return Report(at: at, pairs: pairs, servers: servers, unprotected: unprotected, channels: channels)
    }

    /// The fingerprint of what says of the server for drills that it can't be asked; nil where the report has nothing of it.
    private func cause(of outage: DrillOutage) -> String? {
        let rules: Set<String> = [ServerUnreachable.name, CredentialsRejected.name, SecretUnavailable.name]
        guard let server = servers.first(where: { $0.url == outage.place }) else { return nil }
        return server.findings.first { rules.contains($0.rule) && $0.severity != .notice }
            .map { Finding.fingerprint(rule: $0.rule, subject: server.name) }
    }

    /// The rules that drills decide about.
    static let drillRules: Set<String> = [
        DrillFailed.name, DrillOverdue.name, DrillImpossible.name, DrillLeftover.name,
    ]
}
