import CouchDB
import Foundation

/// Looks at one pair, beyond what its servers' lists say: the lag always, the rest where there is a reason.
package struct PairObserver {
    let pair: Pair
    let memory: PairMemory
    let source: CouchDatabase
    let target: CouchDatabase
    /// How many of the newest changes are remembered of a side: documents that change all the time take up places.
    var changesKept = 64

    /// Measures the lag, with no request at all for a source that has not moved since nothing was pending.
    func progress(
        of replication: ReplicationObservation, source info: DatabaseInfo
    ) async throws -> Observed<ReplicationProgress> {
        try await .catching {
            let checkpoint = try await checkpoint(of: replication)
            if memory.idleAt == info.updateSequence, memory.checkpoint == checkpoint {
                return ReplicationProgress(checkpoint: checkpoint, pending: 0)
            }
            var progress = ReplicationProgress(
                checkpoint: checkpoint, pending: try await source.changesPending(since: checkpoint))
            if let pending = progress.pending, pending > 0 {
                // A checkpoint that has not moved covers nothing new. (Where a few documents change again and again,
                // the number of changes behind it does not show that.)
                progress.coveredUntil =
                    memory.checkpoint == checkpoint ? memory.coveredUntil : try await coveredUntil(pending: pending)
            }
            return progress
        }
    }

    /// The source position that the target has reached: the job's word, else the checkpoint at the target.
    private func checkpoint(of replication: ReplicationObservation) async throws -> UpdateSequence {
        if let sequence = replication.statistics?.checkpointedSourceSequence { return sequence }
        if let base = replication.id?.base ?? memory.replicationBase,
            let log = try await log(base, at: target)
        {
            return log.sourceLastSequence
        }
        return .zero
    }

    /// The newest of the remembered moments whose source position the checkpoint has passed.
    ///
    /// A position with at least as many changes after it as the checkpoint lies at or before the checkpoint. Two
    /// positions are tried at most, the newest and the oldest.
    private func coveredUntil(pending: Int) async throws -> Date? {
        var candidates = memory.samples.suffix(1) + memory.samples.prefix(1)
        if memory.samples.count == 1 { candidates.removeLast() }
        for sample in candidates {
            if let after = try await source.changesPending(since: sample.sequence), after >= pending {
                return sample.at
            }
        }
        return nil
    }

    /// Reads checkpoints and `_security`, and what else the reasons ask for.
    func inspect(
        _ reasons: InspectionReasons, replication: ReplicationObservation, checkpoint: UpdateSequence?,
        source sourceInfo: DatabaseInfo, target targetInfo: DatabaseInfo
    ) async throws -> PairInspection {
        var inspection = PairInspection()
        if let base = replication.id?.base ?? memory.replicationBase {
            inspection.sourceLog = try await .catching { try await log(base, at: source) }
            inspection.targetLog = try await .catching { try await log(base, at: target) }
            try await compareLogs(&inspection, base: base)
        }
        (inspection.lostBySource, inspection.sourceChanges) = try await changes(
            of: source, sourceInfo, after: memory.sourceChanges)
        (inspection.lostByTarget, inspection.targetChanges) = try await changes(
            of: target, targetInfo, after: memory.targetChanges)
        if pair.comparesSecurity {
            inspection.sourceSecurity = try await .catching { try await source.security() }
            inspection.targetSecurity = try await .catching { try await target.security() }
        } else {
            inspection.sourceSecurity = .known([:])
            inspection.targetSecurity = .known([:])
        }
        if reasons.contains(.counts), let checkpoint {
            inspection.comparableCounts =
                try await Observed.catching { try await comparableCounts(after: checkpoint) }.value ?? nil
        }
        if reasons.contains(.refusals) {
            inspection.validators = try await Observed.catching { try await validators() }.value
        }
        return inspection
    }

    /// The ids of what a side has lost since, and what it has changed last now; nil where it could not be asked.
    ///
    /// - Parameter info: what it has said of itself before: what is purged meanwhile is not taken for lost later.
    private func changes(
        of database: CouchDatabase, _ info: DatabaseInfo, after before: PairMemory.NewestChanges?
    ) async throws -> (lost: [String], now: PairMemory.NewestChanges?) {
        let asked = try await Observed.catching {
            let purges = info.purgeSequence?.displayNumber
            let newest = PairMemory.NewestChanges(
                documents: try await database.newestChanges(changesKept), purges: purges,
                identity: info.identity)
            // An identity that a server does not tell, or told before in a way that means nothing, tells nothing apart.
            guard let before, before.purges == purges, newest.identity == nil || before.identity == newest.identity
            else {
                return (lost: [String](), now: newest)
            }
            var lost = before.documents
            // A lagging copy of a shard can answer, so it is asked three times.
            for _ in 0..<3 where !lost.isEmpty { lost = try await database.lost(of: lost) }
            // Nor is one that lags for hours the word of all.
            if info.n ?? 1 > 1, !lost.isEmpty { lost = try await database.lostEverywhere(of: lost) }
            // What was purged while it was asked is no loss.
            if !lost.isEmpty, try await database.info().purgeSequence?.displayNumber != purges { lost = [] }
            return (lost.map(\.id), newest)
        }
        return asked.value ?? ([], nil)
    }

    /// Two checkpoints of one session that differ are looked at twice, since one is always written before the other.
    private func compareLogs(_ inspection: inout PairInspection, base: String) async throws {
        func differ() -> Bool {
            guard let source = inspection.sourceLog.value ?? nil, let target = inspection.targetLog.value ?? nil
            else { return false }
            return source.sessionID == target.sessionID && source.sourceLastSequence != target.sourceLastSequence
        }
        guard differ() else { return }
        let first = (inspection.sourceLog.value ?? nil, inspection.targetLog.value ?? nil)
        inspection.targetLog = try await .catching { try await log(base, at: target) }
        inspection.sourceLog = try await .catching { try await log(base, at: source) }
        let second = (inspection.sourceLog.value ?? nil, inspection.targetLog.value ?? nil)
        guard differ(), first.0 == second.0, first.1 == second.1, let sourceLog = second.0, let targetLog = second.1
        else { return }
        inspection.pendingAfterSourceLog =
            try await Observed.catching {
                try await source.changesPending(since: sourceLog.sourceLastSequence)
            }.value ?? nil
        inspection.pendingAfterTargetLog =
            try await Observed.catching {
                try await source.changesPending(since: targetLog.sourceLastSequence)
            }.value ?? nil
    }

    /// Counts of both sides, read while the source stood still with nothing pending; nil where it never did.
    ///
    /// On a cluster a lagging copy may answer, so different counts are read three times before they are believed.
    private func comparableCounts(after checkpoint: UpdateSequence) async throws -> ComparableCounts? {
        var counts: ComparableCounts?
        for _ in 0..<3 {
            let before = try await source.info()
            guard try await source.changesPending(since: checkpoint) == 0 else { return nil }
            let targetInfo = try await target.info()
            let after = try await source.info()
            guard try await hasStoodStill(before, after, behind: checkpoint) else { return nil }
            let read = ComparableCounts(source: after, target: targetInfo)
            if read.areEqual { return read }
            counts = read
        }
        return counts
    }

    /// Whether nothing was written to the source between two looks.
    ///
    /// A cluster tells the same position by another text each time, as other copies answer.
    private func hasStoodStill(
        _ before: DatabaseInfo, _ after: DatabaseInfo, behind checkpoint: UpdateSequence
    ) async throws -> Bool {
        if before.updateSequence == after.updateSequence { return true }
        guard after.copyCounts != nil, PairMemory.Counts(before).isSame(as: PairMemory.Counts(after)) else {
            return false
        }
        return try await source.changesPending(since: checkpoint) == 0
    }

    /// The target's design documents that validate writes, with their revisions.
    private func validators() async throws -> [String: String] {
        var found: [String: String] = [:]
        for document in try await target.designDocuments() where document["validate_doc_update"] != nil {
            if let id = document["_id"]?.string { found[id] = document["_rev"]?.string ?? "" }
        }
        return found
    }

    private func log(_ base: String, at database: CouchDatabase) async throws -> ReplicationLog? {
        try await database.localDocument(base).flatMap(ReplicationLog.init(answer:))
    }

    /// Reads a database again that seems to have gone back in time, and returns the reading with the most documents.
    ///
    /// A lagging copy of a shard can answer once; a rolled back database answers the same each time.
    package static func confirmed(_ info: DatabaseInfo, against before: PairMemory.Counts?, of database: CouchDatabase)
        async throws -> DatabaseInfo
    {
        guard let before, before.regression(to: PairMemory.Counts(info), of: "") != nil else { return info }
        var best = info
        for _ in 0..<2 {
            guard let again = try await Observed.catching({ try await database.info() }).value else { return best }
            if before.regression(to: PairMemory.Counts(again), of: "") == nil { return again }
            best = again
        }
        return best
    }
}
