import CouchDB

/// A piece of a changes feed.
struct ChangesBatch: Sendable {
    /// The rows as JSON texts.
    var rows: [[UInt8]] = []
    /// The position behind which the next piece starts.
    var last: Int
    /// The number of changes that are left behind it.
    var pending: Int
}

extension DatabaseState {
    /// Returns up to `limit` rows behind a position, and where they end.
    func changes(after since: Int, limit: Int, query: ChangesQuery, sequences: SequenceFormat) -> ChangesBatch {
        var batch = ChangesBatch(last: since, pending: 0)
        var rowCount = 0
        for change in order.changes(after: since) {
            guard rowCount < limit else { break }
            batch.last = change.sequence
            if let wanted = query.documentIDs, !wanted.contains(change.id) { continue }
            rowCount += 1
            // As CouchDB counts: down from the limit.
            let left = min(limit, 10_000_000_000_000_000) - rowCount + 1
            let shows = left % query.interval == 0
            let row = row(change.id, query: query, position: shows ? sequences.json(change.sequence) : .null)
            batch.rows.append(row.serialized)
            if query.duplicatesRows { batch.rows.append(row.serialized) }
        }
        batch.pending = order.count(after: batch.last)
        if rowCount < limit { batch.last = max(since, sequence) }
        return batch
    }

    /// Returns the newest rows first.
    func newestChanges(limit: Int, query: ChangesQuery, sequences: SequenceFormat) -> ChangesBatch {
        let all = order.changes(after: 0).reversed()
        let shown = all.filter { query.documentIDs?.contains($0.id) ?? true }.prefix(limit)
        let rows = shown.map { row($0.id, query: query, position: sequences.json($0.sequence)).serialized }
        return ChangesBatch(rows: rows, last: shown.last?.sequence ?? 0, pending: all.count - shown.count)
    }

    private func row(_ id: String, query: ChangesQuery, position: OrderedJSON) -> OrderedJSON {
        guard let tree = documents[id]?.tree, let winner = tree.winner else { return .null }
        let leaves = query.allLeaves ? tree.leaves.map(\.id) : [winner.id]
        var row: OrderedJSON = [
            "seq": position, "id": .string(id),
            "changes": .array(leaves.map { ["rev": .string($0.description)] }),
        ]
        if winner.isDeleted { row.append("deleted", true) }
        if query.includeDocuments {
            var options = DocumentOptions()
            options.conflicts = query.conflicts
            row.append("doc", json(id: id, revision: winner, options: options))
        }
        return row
    }
}
