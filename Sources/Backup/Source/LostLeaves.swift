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

    /// Compares everything; needed after a purge.
    ///
    /// - Returns: what had to be copied, and what of it could not be.
    func followAll() async throws -> ReplicationReport? {
        var (ids, report): ([DocumentID], ReplicationReport?) = ([], nil)
        func flush() async throws {
            report = Self.sum(report, try await follow(ids))
            ids.removeAll()
        }
        var comparator = ReplicaComparator(source, backup)
        comparator.selection = options.selection
        _ = try await comparator.run { difference in
            ids.append(difference.id)
            if ids.count >= Self.lookedUpTogether { try await flush() }
        }
        try await flush()
        return report
    }

    /// Compares what the feed listed.
    func follow(_ listed: [DocumentID: [RevisionID]]) async throws -> ReplicationReport? {
        var report: ReplicationReport?
        let ids = Array(listed.keys)
        for start in stride(from: 0, to: ids.count, by: Self.lookedUpTogether) {
            let found = try await backup.leaves(of: Array(ids[start..<min(start + Self.lookedUpTogether, ids.count)]))
            let longer = found.filter { !Set(listed[$0.id] ?? []).isSuperset(of: $0.revisions) }
            report = Self.sum(report, try await follow(longer.map(\.id)))
        }
        return report
    }

    /// Looks at documents on both sides, and ends the leaves that the source has purged or replaced.
    private func follow(_ ids: [DocumentID]) async throws -> ReplicationReport? {
        guard !ids.isEmpty else { return nil }
        let comparator = ReplicaComparator(source, backup)
        let suspects = try await comparator.differences(of: ids).filter { !$0.onlyInTarget.isEmpty }
            .map { DocumentLeaves(id: $0.id, revisions: $0.onlyInTarget) }
        // That the source does not know a leaf is no proof by itself: where copies of a shard are away, those that answer are
        // believed (fabric_doc_missing_revs.erl).
        if hasPurged, !suspects.isEmpty {
            let lost = try await ReplicationFailure.Side.source.naming { try await source.missing(suspects) }
            _ = try await backup.forget(lost)
        }
        // What the source has made anew may be an ancestor of what is forgotten now, and so was not copied.
        let lacking = try await comparator.differences(of: ids).filter { !$0.onlyInSource.isEmpty }
            .map { DocumentLeaves(id: $0.id, revisions: $0.onlyInSource) }
        let report =
            lacking.isEmpty ? nil : try await Replicator(from: source, to: backup, options: options).copy(lacking)
        try await endReplaced(suspects.map(\.id))
        return report
    }

    /// Ends leaves that are none at the source, where the backup has all that are.
    ///
    /// What has replaced them has come with a history that doesn't reach them. What has not come yet comes with the next run.
    private func endReplaced(_ ids: [DocumentID]) async throws {
        guard !ids.isEmpty else { return }
        // The source first: what is written between the two looks is not in the backup.
        let current = try await ReplicationFailure.Side.source.naming { try await source.leaves(of: ids) }
        let replaced = try await DocumentLeaves.replaced(current, among: backup.leaves(of: ids))
        if !replaced.isEmpty { _ = try await backup.forget(replaced) }
    }

    private static func sum(_ left: ReplicationReport?, _ right: ReplicationReport?) -> ReplicationReport? {
        guard var sum = left, let right else { return left ?? right }
        sum.add(right)
        return sum
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
