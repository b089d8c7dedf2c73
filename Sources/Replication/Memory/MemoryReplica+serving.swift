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
                return ChangeRow(
                    sequence: UpdateSequence(.integer(Int64(document.sequence))), id: leaves.id.text,
                    revisions: leaves.revisions, isDeleted: document.tree.isDeleted)
            }
            return ChangeRows(rows: rows, lastSequence: page.lastSequence, pending: page.pending ?? 0)
        }
    }

    package func leaves(of id: DocumentID) async throws -> [Leaf] {
        changes.read { state in
            (state.documents[id]?.tree.leaves ?? []).map { Leaf($0.id, isDeleted: $0.isDeleted) }
        }
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
