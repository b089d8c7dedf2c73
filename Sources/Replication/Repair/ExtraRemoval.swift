import CouchDB

/// Removes revisions from a database that only it has: exactly those leaves, by a purge.
///
/// A purge, since a tombstone would be one more revision that the source does not have: the next verification would find it
/// again, and a replication would spread it. A server that can't purge (2.0 to 2.2), or doesn't let this user, gets a
/// tombstone on the leaf nevertheless: then the document reads as in the source, but the databases stay different, and the
/// report says so.
package struct ExtraRemoval: Sendable {
    /// How a removal has ended, in leaf revisions.
    package struct Report: Sendable {
        /// Revisions that are gone as if they had never been.
        package var purged = 0
        /// Revisions that lie under a tombstone now.
        package var deleted = 0
        /// Revisions of the source that went with them, as their ancestors, and were copied again.
        package var copied = 0
        /// What the target did not let be removed, or not be copied again, by name and reason.
        package var refusals: [Refusal] = []
        /// What was left alone: the source knows the revisions by now, or has lost them itself.
        package var kept: [Difference] = []
        /// The documents that still have a leaf that only the target has, or lack one of the source.
        package var remaining: [Difference] = []

        package init() {}
    }

    private let source: any ComparableReplica
    private let target: CouchReplica

    package init(_ source: any ComparableReplica, _ target: CouchReplica) {
        (self.source, self.target) = (source, target)
    }

    /// What would be removed, and what would be left alone since the source has lost it: the target's copy is the last one.
    ///
    /// - Parameters:
    ///   - keepsUnexplained: whether what the source may have lost is left alone too, since no checkpoint tells whether it was
    ///     set back.
    ///   - keepsOlder: whether what is older than the source is left alone.
    package static func plan(
        _ differences: [Difference], keepsUnexplained: Bool = false, keepsOlder: Bool = true
    ) -> (removed: [Difference], kept: [Difference]) {
        let extra = differences.filter { !$0.onlyInTarget.isEmpty }
        // Only the first differences are explained: once one is known to be lost, so may be those without a reason.
        let isLost = extra.contains {
            $0.reason?.code == .sourceRolledBack || (keepsOlder && $0.reason?.code == .olderThanSource)
        }
        func isLast(_ difference: Difference) -> Bool {
            switch difference.reason?.code {
            case .sourceRolledBack: true
            case .olderThanSource: keepsOlder
            // A source that was set back looks like that too.
            case .aheadOfSource, .strayWrite, .historyCutOff: keepsUnexplained
            case nil: isLost || keepsUnexplained
            default: false
            }
        }
        return (extra.filter { !isLast($0) }, extra.filter(isLast))
    }

    /// Removes what only the target has of these documents, and looks again.
    ///
    /// Asks the source right before: a revision that it knows by now stays, and nothing is removed while nodes of its cluster
    /// are away.
    ///
    /// - Throws: ``SourceNodesAway``; ``ReplicationFailure``; `CancellationError`. It can be run again at any time.
    package func run(
        _ differences: [Difference], keepsUnexplained: Bool = false, keepsOlder: Bool = true
    ) async throws -> Report {
        var report = Report()
        let (removed, kept) = Self.plan(
            differences, keepsUnexplained: keepsUnexplained, keepsOlder: keepsOlder)
        report.kept = kept
        for start in stride(from: 0, to: removed.count, by: Self.together) {
            let part = Array(removed[start..<min(start + Self.together, removed.count)])
            let leaves = part.map { DocumentLeaves(id: $0.id, revisions: $0.onlyInTarget) }
            let unknown = try await ReplicationFailure.Side.source.naming { try await missing(leaves) }
            try await SourceNodesAway.expectNone(of: source)
            report.kept += Self.known(part, unknown)
            try await ReplicationFailure.Side.target.naming { try await remove(unknown, &report) }
        }
        if report.purged + report.deleted > 0 { try await target.commitDelayed() }
        return report
    }

    private static let together = 100

    /// What the source does not know; of a database whose shards have several copies, what none of them knows.
    private func missing(_ documents: [DocumentLeaves]) async throws -> [DocumentLeaves] {
        let missing = try await source.missing(documents)
        guard let database = source as? CouchReplica else { return missing }
        return try await database.missingEverywhere(missing)
    }

    /// The differences of which the source knows a revision by now.
    private static func known(_ differences: [Difference], _ unknown: [DocumentLeaves]) -> [Difference] {
        let left = Dictionary(unknown.map { ($0.id, Set($0.revisions)) }, uniquingKeysWith: { $1 })
        return differences.compactMap { difference in
            let known = Set(difference.onlyInTarget).subtracting(left[difference.id] ?? [])
            guard !known.isEmpty else { return nil }
            return Difference(id: difference.id, kind: difference.kind, onlyInTarget: known.sorted())
        }
    }

    private func remove(_ documents: [DocumentLeaves], _ report: inout Report) async throws {
        // Only leaves can be purged; what was replaced meanwhile is another difference.
        let before = try await current(documents)
        guard !before.isEmpty else { return }
        let version = try await target.database.server.info().version
        let canPurge = !(ServerVersion(2, 0)..<ServerVersion(2, 3)).contains(version)
        for document in before {
            if canPurge, try await purge(document, &report) { continue }
            for revision in document.revisions { try await delete(document.id, revision, &report) }
        }
        for document in try await current(before) {
            report.remaining.append(
                Difference(id: document.id, kind: .extra, onlyInTarget: document.revisions.sorted()))
        }
        try await fill(before, &report)
    }

    /// A purge of a leaf takes its ancestors too, of which one may be a leaf of the source.
    private func fill(_ documents: [DocumentLeaves], _ report: inout Report) async throws {
        let now = try await ReplicaComparator(source, target).differences(of: documents.map(\.id))
        let repair = try await HoleRepair(source, target).run(now.filter { !$0.onlyInSource.isEmpty })
        report.copied += repair.copied
        report.refusals += repair.refusals
        report.remaining += repair.remaining
    }

    /// Those of these revisions that are leaves now.
    private func current(_ documents: [DocumentLeaves]) async throws -> [DocumentLeaves] {
        let leaves = Dictionary(
            try await target.leaves(of: documents.map(\.id)).map { ($0.id, Set($0.revisions)) },
            uniquingKeysWith: { $1 })
        return documents.compactMap { document in
            let open = document.revisions.filter { leaves[document.id]?.contains($0) == true }
            return open.isEmpty ? nil : DocumentLeaves(id: document.id, revisions: open)
        }
    }

    /// - Returns: Whether this user may, and the server can.
    private func purge(_ document: DocumentLeaves, _ report: inout Report) async throws -> Bool {
        do {
            _ = try await target.database.purge([document.id.text: document.revisions.map(\.description)])
            report.purged += document.revisions.count
            return true
        } catch let error as CouchError where Self.isNotPossible(error) {
            return false
        }
    }

    private static func isNotPossible(_ error: CouchError) -> Bool {
        [404, 405, 410, 501].contains(error.status) || error.isRefusal
    }

    private func delete(_ id: DocumentID, _ revision: RevisionID, _ report: inout Report) async throws {
        do {
            _ = try await target.database.deleteDocument(id.text, revision: revision.description)
            report.deleted += 1
        } catch let error as CouchError
            where CouchReplica.concernsDocuments(error)
            || [.unauthorized, .forbidden, .conflict, .notFound].contains(error.code)
        {
            report.refusals.append(
                Refusal(
                    id: id, revision: revision, stage: .storing, error: error.error ?? error.code.rawValue,
                    reason: error.reason ?? error.message))
        }
    }
}
