import CouchDB
import Replication
import Vault

/// Comparing the target with the moment.
extension RestoreRun {
    func compare(_ prepared: Prepared, _ report: inout RestoreReport) async throws {
        let isNew = prepared.plan.target != .existing
        let replica = CouchReplica(target)
        var (counts, differences): (ComparisonCounts, [Difference]) = (ComparisonCounts(), [])
        let equal = try await groups(of: prepared.selection) { group in
            // What has other revisions may still say the same, where it was brought back.
            let ids = group.map(\.id)
            let (other, kept) = isNew ? (Set(ids), []) : try await notBroughtBack(ids, in: replica)
            for difference in group {
                if kept.contains(difference.id) {
                    report.kept += 1
                    // Who names a document asks for it.
                    guard case .documents = options.selection else { continue }
                    counts.count(difference.kind)
                    if differences.count < 20 { differences.append(difference) }
                    continue
                }
                // A document that is not there at all was refused, or removed meanwhile.
                guard other.contains(difference.id) || difference.kind == .missing, !isOfCouchDB(difference) else {
                    // What came later is kept, and was not at the moment.
                    if difference.kind != .extra { counts.equal += 1 }
                    continue
                }
                counts.count(difference.kind)
                if differences.count < 20 { differences.append(difference) }
            }
        }
        counts.equal += equal
        (report.comparison, report.differences) = (counts, differences)
    }

    /// The report of a restore that has nothing to do: the target is what the moment was, as a run before has left it.
    ///
    /// Where its shards have several copies, settings that only some of them may have are set again.
    ///
    /// - Returns: nil where anything is not as it was.
    /// - Throws: as ``plan()``.
    package func done() async throws -> RestoreReport? {
        var looking = self
        looking.options.intoExisting = true
        let prepared = try await looking.prepare()
        guard prepared.plan.target == .existing, prepared.selection.undecided.isEmpty else { return nil }
        guard try await looking.loss(prepared) == nil else { return nil }
        let other = try await looking.otherSettings(prepared)
        guard other.left.isEmpty, other.putBack.isEmpty else { return nil }
        var (report, isSame) = (RestoreReport(prepared.plan), true)
        report.comparison.equal = try await looking.groups(of: prepared.selection) { group in
            if group.contains(where: { !isOfCouchDB($0) }) { isSame = false }
        }
        guard isSame else { return nil }
        var made = prepared
        made.wasEmpty = true  // when the run before began
        try await looking.confirmSettings(besides: [], made, &report)
        report.nodesAway = try await onTarget { try await target.nodesAway(try await target.info().copyCounts) }
        return report
    }

    /// Documents that say something else than they did, or of which nobody can know, and those that were deleted and live.
    private func notBroughtBack(
        _ ids: [DocumentID], in replica: CouchReplica
    ) async throws -> (other: Set<DocumentID>, kept: Set<DocumentID>) {
        let looks = try await looks(at: ids, in: replica)
        let other = looks.filter { !$0.way(isExact: options.isExact).isAtEnd }
        let kept = looks.filter { look in
            !options.isExact && look.wanted.first?.isDeleted == true && look.found.first?.isDeleted == false
        }
        return (Set(other.map(\.id)), Set(kept.map(\.id)))
    }

    /// What another version of CouchDB has put into a database of accounts is there beside what was restored.
    private func isOfCouchDB(_ difference: Difference) -> Bool {
        difference.onlyInSource.isEmpty && difference.revisions.isEmpty
            && difference.id.text == DatabaseNames.usersDesign && SystemDatabase.isUsers(target.name)
    }

    /// Hands out what differs between the moment and the target, some documents at a time, and returns how many are equal.
    @discardableResult
    func groups(
        of selection: ResolvedSelection, _ receive: ([Difference]) async throws -> Void
    ) async throws -> Int {
        var group: [Difference] = []
        let equal = try await differences(selection) { difference in
            group.append(difference)
            guard group.count >= Self.lookedUpTogether else { return }
            try await receive(group)
            group.removeAll()
        }
        if !group.isEmpty { try await receive(group) }
        return equal
    }

    private static let lookedUpTogether = 50

    private func differences(
        _ selection: ResolvedSelection, _ receive: (Difference) async throws -> Void
    ) async throws -> Int {
        var comparator = ReplicaComparator(moment, CouchReplica(target))
        comparator.onProgress = onComparison
        if let ids = selection.few {
            let found = try await comparator.differences(of: ids)
            for difference in found { try await receive(difference) }
            return ids.count - found.count
        }
        if !selection.isAll { comparator.selection = { selection.contains($0.id) } }
        return try await comparator.run(difference: receive).counts.equal
    }
}
