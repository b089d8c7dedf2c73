import CouchDB
import Replication
import Vault

/// Makes a backup lose what its source has lost without a trace in its feed.
///
/// A purged document is not listed any more, and a document with more edits between two runs than `_revs_limit` keeps comes
/// with a history that does not reach back to what the backup has; so does one that was edited before the limit was lowered,
/// of which the source itself still knows more than it hands out. Replication leaves the old revision in all these cases, as
/// a document or a conflict that the source does not have.
struct LostLeaves: Sendable {
    let source: CouchReplica
    let backup: VaultDatabase
    let options: ReplicationOptions
    /// Whether the source tells of purges that were not followed yet.
    let hasPurged: Bool

    private static let lookedUpTogether = 500

    /// What has come of it.
    struct Outcome {
        /// What had to be copied, and what of it could not be; nil where nothing had to be.
        var report: ReplicationReport?
        /// Whether something is still handed out that a copy of its shard has lost: another look has to follow.
        var isOpen = false

        mutating func add(_ other: Outcome) {
            isOpen = isOpen || other.isOpen
            guard let more = other.report else { return }
            if report == nil { report = more } else { report?.add(more) }
        }
    }

    /// Compares everything; needed after a purge.
    func followAll() async throws -> Outcome {
        var (ids, outcome): ([DocumentID], Outcome) = ([], Outcome())
        func flush() async throws {
            outcome.add(try await follow(ids))
            ids.removeAll()
        }
        var comparator = ReplicaComparator(source, backup)
        comparator.selection = options.selection
        _ = try await comparator.run { difference in
            ids.append(difference.id)
            if ids.count >= Self.lookedUpTogether { try await flush() }
        }
        try await flush()
        return outcome
    }

    /// Compares what the feed listed.
    func follow(_ listed: [DocumentID: [RevisionID]]) async throws -> Outcome {
        var outcome = Outcome()
        let ids = Array(listed.keys)
        for start in stride(from: 0, to: ids.count, by: Self.lookedUpTogether) {
            let found = try await backup.leaves(of: Array(ids[start..<min(start + Self.lookedUpTogether, ids.count)]))
            let longer = found.filter { !Set(listed[$0.id] ?? []).isSuperset(of: $0.revisions) }
            outcome.add(try await follow(longer.map(\.id)))
        }
        return outcome
    }

    /// Looks at documents on both sides, and ends the leaves that the source has purged or replaced.
    private func follow(_ ids: [DocumentID]) async throws -> Outcome {
        var outcome = Outcome()
        guard !ids.isEmpty else { return outcome }
        let comparator = ReplicaComparator(source, backup)
        let suspects = try await comparator.differences(of: ids).filter { !$0.onlyInTarget.isEmpty }
            .map { DocumentLeaves(id: $0.id, revisions: $0.onlyInTarget) }
        // That a copy does not know a leaf is no proof: it may lack what others have, and be the only one that was purged.
        if hasPurged, !suspects.isEmpty {
            let (missing, lost) = try await ReplicationFailure.Side.source.naming {
                let missing = try await source.missing(suspects)
                return (missing, try await source.missingEverywhere(missing))
            }
            outcome.isOpen = lost != missing
            _ = try await backup.forget(lost)
        }
        // What the source has made anew may be an ancestor of what is forgotten now, and so was not copied.
        let lacking = try await comparator.differences(of: ids).filter { !$0.onlyInSource.isEmpty }
            .map { DocumentLeaves(id: $0.id, revisions: $0.onlyInSource) }
        if !lacking.isEmpty {
            outcome.report = try await Replicator(from: source, to: backup, options: options).copy(lacking)
        }
        try await endReplaced(suspects.map(\.id))
        return outcome
    }

    /// Ends leaves that are none at the source, where the backup has all that are.
    ///
    /// What has replaced them has come with a history that doesn't reach them. What has not come yet comes with the next run.
    private func endReplaced(_ ids: [DocumentID]) async throws {
        guard !ids.isEmpty else { return }
        // The source first: what is written between the two looks is not in the backup.
        let current = try await ReplicationFailure.Side.source.naming { try await source.leaves(of: ids) }
        let replaced = try await DocumentLeaves.replaced(current, among: backup.leaves(of: ids))
        guard !replaced.isEmpty else { return }
        _ = try await backup.forget(
            try await ReplicationFailure.Side.source.naming { try await source.noLeafAnywhere(replaced) })
    }
}

extension ReplicationReport {
    /// Adds what a further run has done. A revision that was refused before and now again is one that is missing.
    mutating func add(_ other: ReplicationReport) {
        counts.revisionsMissing += other.counts.revisionsMissing
        counts.revisionsFetched += other.counts.revisionsFetched
        counts.revisionsStored += other.counts.revisionsStored
        counts.bytesStored += other.counts.bytesStored
        counts.attachmentsStored += other.counts.attachmentsStored
        func revision(_ refusal: Refusal) -> DocumentLeaves {
            DocumentLeaves(id: refusal.id, revisions: [refusal.revision].compactMap(\.self))
        }
        let known = Set(refusals.map(revision))
        let new = other.refusals.filter { !known.contains(revision($0)) }
        counts.refused += other.counts.refused - (other.refusals.count - new.count)
        counts.failedCalls += other.counts.failedCalls
        refusals += new
        elapsed += other.elapsed
    }
}
