import CouchDB

extension MemoryReplica: ServableReplica {
    package func changeRows(
        since sequence: UpdateSequence, limit: Int, patience: Duration?
    ) async throws -> ChangeRows {
        let page = try await changes(since: sequence, limit: max(0, limit), patience: patience)
        let last = page.lastSequence.value.integer ?? 0
        return changes.read { state in
            let rows = page.documents.compactMap { leaves -> ChangeRow? in
                // A document that has changed since comes again: its new position lies behind rows not yet listed.
                guard let document = state.documents[leaves.id], document.sequence <= last else { return nil }
                return document.row(of: leaves.id)
            }
            return ChangeRows(rows: rows, lastSequence: page.lastSequence, isAtEnd: page.isAtEnd)
        }
    }

    package func changeRows(
        of ids: Set<DocumentID>, since sequence: UpdateSequence, limit: Int
    ) async throws -> ChangeRows {
        let start = try position(sequence)
        return changes.read { state in
            let found = ids.compactMap { id in state.documents[id].map { (id, $0) } }
                .filter { $0.1.sequence > start }
                .sorted { $0.1.sequence < $1.1.sequence }
            let last = limit < found.count ? found.prefix(limit).last?.1.sequence ?? start : state.sequence
            return ChangeRows(
                rows: found.prefix(limit).map { $1.row(of: $0) },
                lastSequence: UpdateSequence(.integer(Int64(max(start, last)))), isAtEnd: limit >= found.count)
        }
    }

    package func pendingChanges(since sequence: UpdateSequence) async throws -> Int {
        let start = try position(sequence)
        return changes.read { state in state.documents.values.count { $0.sequence > start } }
    }

    package func leaves(of id: DocumentID) async throws -> [Leaf] {
        changes.read { $0.leaves(of: id) }
    }

    package func leaves(ofEach ids: [DocumentID]) async throws -> [[Leaf]] {
        changes.read { state in ids.map { state.leaves(of: $0) } }
    }

    package func documents(
        from start: DocumentID?, descending: Bool, limit: Int
    ) async throws -> [DocumentWinner] {
        changes.read { state in
            let winners = state.documents.compactMap { id, document -> DocumentWinner? in
                if let start, descending ? id > start : id < start { return nil }
                guard let winner = document.tree.winner, !winner.isDeleted else { return nil }
                return DocumentWinner(id: id, revision: winner.id)
            }
            return Array(winners.sorted { descending ? $0.id > $1.id : $0.id < $1.id }.prefix(limit))
        }
    }
}

extension MemoryReplica.State {
    fileprivate func leaves(of id: DocumentID) -> [Leaf] {
        (documents[id]?.tree.leaves ?? []).map { Leaf($0.id, isDeleted: $0.isDeleted) }
    }
}

extension MemoryReplica.Document {
    fileprivate func row(of id: DocumentID) -> ChangeRow {
        ChangeRow(
            sequence: UpdateSequence(.integer(Int64(sequence))), id: id.text, revisions: tree.leaves.map(\.id),
            isDeleted: tree.isDeleted)
    }
}
