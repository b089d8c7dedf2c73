import CouchDB
import Replication
import Vault

/// Comparing the target with the moment.
extension RestoreRun {
    func compare(_ prepared: Prepared, _ report: inout RestoreReport) async throws {
        let isNew = prepared.plan.target != .existing
        let replica = CouchReplica(target)
        var (counts, differences): (ComparisonCounts, [Difference]) = (ComparisonCounts(), [])
        var open: [Difference] = []
        func flush() async throws {
            // What has other revisions may still say the same, where it was brought back.
            let edited = isNew ? Set(open.map(\.id)) : Set(try await edits(for: open.map(\.id), in: replica).map(\.id))
            for difference in open {
                // A document that is not there at all was refused, or removed meanwhile.
                guard edited.contains(difference.id) || difference.kind == .missing, !isOfCouchDB(difference) else {
                    // What came later is kept, and was not at the moment.
                    if difference.kind != .extra { counts.equal += 1 }
                    continue
                }
                counts.count(difference.kind)
                if differences.count < 20 { differences.append(difference) }
            }
            open.removeAll()
        }
        let equal = try await self.differences(prepared.selection) { difference in
            open.append(difference)
            if open.count >= Self.editedTogether { try await flush() }
        }
        try await flush()
        counts.equal += equal
        (report.comparison, report.differences) = (counts, differences)
    }

    /// What another version of CouchDB has put into a database of accounts is there beside what was restored.
    private func isOfCouchDB(_ difference: Difference) -> Bool {
        difference.onlyInSource.isEmpty && difference.revisions.isEmpty
            && difference.id.text == DatabaseNames.usersDesign && DatabaseNames.isUsers(target.name)
    }

    /// Hands out what differs between the moment and the target, and returns how many documents are equal.
    @discardableResult
    func differences(
        _ selection: ResolvedSelection, _ receive: (Difference) async throws -> Void
    ) async throws -> Int {
        var comparator = ReplicaComparator(moment, CouchReplica(target))
        comparator.onProgress = onComparison
        if let ids = selection.ids, ids.count <= 1000 {
            let found = try await comparator.differences(of: Array(ids))
            for difference in found { try await receive(difference) }
            return ids.count - found.count
        }
        if !selection.isAll { comparator.selection = { selection.contains($0.id) } }
        return try await comparator.run(difference: receive).counts.equal
    }
}
