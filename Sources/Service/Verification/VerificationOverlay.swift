import Foundation
import Replication
import Supervision

/// Puts the light Verified, and what verifications found, into a report.
package struct VerificationOverlay: Sendable {
    private let store: StoredVerifications
    private let verify: VerifyConfiguration?

    package init(_ state: StateDatabase, verify: VerifyConfiguration?) {
        store = StoredVerifications(state)
        self.verify = verify
    }

    /// The report as the verifications that are remembered have it now.
    ///
    /// - Parameters:
    ///   - before: the last report, for since when things are as they are.
    ///   - evidence: which verifications count, for backups of which some may be about another one; by target.
    /// - Throws: `StateError`.
    package func apply(
        to report: Report, before: Report?, evidence: [String: EvidenceSpan] = [:], now: Date
    ) async throws -> Report {
        let histories = try await store.histories()
        let due = try await store.dueSince()
        let last = Dictionary((before?.pairs ?? []).map { ($0.key, $0) }, uniquingKeysWith: { $1 })
        var pairs = report.pairs
        for index in pairs.indices where pairs[index].mode != .off {
            var pair = pairs[index]
            pair.findings.removeAll { [BackupDiffers.name, VerificationOverdue.name].contains($0.rule) }
            let history = VerificationHistory(histories[pair.key] ?? [], within: evidence[pair.target])
            let judged = VerifiedLight(
                history, verify: verify, pair: pair, before: last[pair.key], dueSince: due[pair.key],
                hold: RemovalHold(pairs[index], in: report), now: now)
            pair.lights.verified = judged.light
            var first: [VerificationDifference] = []
            if let record = judged.difference { first = try await store.differences(of: record.id) }
            pair.findings = pair.findings.map { judged.naming($0, first) } + judged.findings(first)
            pairs[index] = pair
        }
        return report.with(pairs: pairs)
    }

    /// For the rules that only a comparison can end: when it began, for each pair of which the last one found everything, with
    /// nothing on its way; and the same of those that found nothing but the same revisions on both sides, where the backup has
    /// nothing more either.
    ///
    /// One that began while the clock was ahead would end what is found between now and then.
    package func proofs(at now: Date) async throws -> (all: [String: Date], equalities: [String: Date]) {
        let last = try await store.histories().compactMapValues { records -> VerificationRecord? in
            let history = VerificationHistory(records)
            guard history.openContentDifference == nil, let last = history.last, last.isProof else { return nil }
            return last.startedAt.age(at: now) == nil ? nil : last
        }
        return (last.mapValues(\.startedAt), last.filter { $0.value.provesAllRevisions }.mapValues(\.startedAt))
    }
}

extension PairReport {
    /// What the pair's verifications are known by.
    package var key: String { PassOptions.proofKey(source: source, target: target) }
}
