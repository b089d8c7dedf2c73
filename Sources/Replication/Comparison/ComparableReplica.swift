import CouchDB

/// A replica whose leaf revisions can be read at full speed, and looked up by document.
package protocol ComparableReplica: Replica {
    /// Hands out all documents that have changed behind a position, with all their leaf revisions, up to the feed's end as
    /// it is then. Documents may repeat; the last time counts.
    ///
    /// - Parameter receive: takes some documents at a time, and the position behind them where one is known.
    /// - Returns: the position where the feed ended.
    func readLeaves(
        since sequence: UpdateSequence, receive: ([DocumentLeaves], UpdateSequence?) async throws -> Void
    ) async throws -> UpdateSequence

    /// The leaf revisions of these documents as they are now, in no particular order; without those that the replica does
    /// not have.
    func leaves(of ids: [DocumentID]) async throws -> [DocumentLeaves]

    /// What can be told in a moment beside the numbers of documents.
    func outline() async throws -> DatabaseOutline

    /// Hands out the documents of exactly these revisions, where it can without the bytes of their attachments.
    ///
    /// Each wanted revision is answered once, in any order. Where the call throws, those that were not answered before may
    /// be asked for again.
    func documents(_ wanted: [DocumentLeaves], receive: (DocumentAnswer) async throws -> Void) async throws

    /// Reads the attachments of a revision that this replica has handed out, where the document tells nothing of whether their
    /// bytes are still there: a server that hands out a document has them; a folder may have lost a file.
    ///
    /// - Returns: why they are not what was stored; nil where they are, or where nobody need look.
    func damage(in revision: Revision) async throws -> Refusal?
}

extension ComparableReplica {
    package func damage(in revision: Revision) async throws -> Refusal? { nil }

    package func outline() async throws -> DatabaseOutline { DatabaseOutline() }

    package func readLeaves(
        since sequence: UpdateSequence, receive: ([DocumentLeaves], UpdateSequence?) async throws -> Void
    ) async throws -> UpdateSequence {
        var sequence = sequence
        while true {
            let batch = try await changes(since: sequence, limit: 1000, patience: nil)
            sequence = batch.lastSequence
            try await receive(batch.documents, sequence)
            if batch.isAtEnd { return sequence }
        }
    }
}

extension CouchReplica: ComparableReplica {
    /// Each n-th row has a sequence; more of them make a clustered server slower.
    private static let sequenceInterval = 10_000

    package func readLeaves(
        since sequence: UpdateSequence, receive: ([DocumentLeaves], UpdateSequence?) async throws -> Void
    ) async throws -> UpdateSequence {
        let feed = database.changes(
            ChangesOptions(since: sequence, sequenceInterval: Self.sequenceInterval))
        var documents: [DocumentLeaves] = []
        var end: UpdateSequence?
        // A position is handed on wherever one comes, but not with each row of a server that tells all of them.
        var rows = 0
        var iterator = feed.makeAsyncIterator()
        while case let events = try await iterator.nextEvents(atMost: 500), !events.isEmpty {
            for event in events {
                switch event {
                case .row(let row):
                    documents.append(DocumentLeaves(id: DocumentID(row.id), revisions: row.revisions))
                    rows += 1
                    if documents.count >= 1000 || (row.sequence != nil && rows >= 1000) {
                        try await receive(documents, row.sequence)
                        documents.removeAll(keepingCapacity: true)
                        if row.sequence != nil { rows = 0 }
                    }
                case .heartbeat: break
                case .end(let last, _): end = last
                }
            }
        }
        guard let end else { throw CouchError(.malformedAnswer, "the feed ended without last_seq") }
        try await receive(documents, end)
        return end
    }

    package func leaves(of ids: [DocumentID]) async throws -> [DocumentLeaves] {
        var found: [DocumentLeaves] = []
        // Below `changes_doc_ids_optimization_threshold` (100 by default) the server looks the ids up.
        for start in stride(from: 0, to: ids.count, by: 100) {
            let part = ids[start..<min(start + 100, ids.count)]
            for try await event in database.changes(ChangesOptions(documentIDs: part.map(\.text))) {
                guard case .row(let row) = event else { continue }
                found.append(DocumentLeaves(id: DocumentID(row.id), revisions: row.revisions))
            }
        }
        return found
    }
}
