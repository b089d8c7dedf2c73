import CouchDB
import Replication

/// Fetches revisions from a replica and hands them on in the order in which they were asked for.
struct OrderedFetch: Sendable {
    /// A revision that is asked for.
    struct Item: Sendable, Hashable {
        var id: DocumentID
        var revision: RevisionID
    }

    /// How many revisions are asked for at a time: as many may have to wait for one before them.
    static let chunkSize = 64

    let replica: any ServableReplica
    let damage: DamageNotes

    /// - Parameter receive: takes the place of an item in the list, and what the replica answers for it.
    func run(
        _ items: [Item], receive: (Int, RevisionAnswer.Outcome) async throws -> Void
    ) async throws {
        var start = 0
        while start < items.count {
            let chunk = Self.chunk(of: items, from: start)
            try await fetch(items, chunk, receive: receive)
            start = chunk.upperBound
        }
    }

    /// The revisions that the replica gives for one; none where it does not have it.
    ///
    /// - Throws: ``UnreadableRevision`` where it has it and can't hand it out.
    func revisions(_ id: DocumentID, _ revision: RevisionID) async throws -> [Revision] {
        var given: [Revision] = []
        try await run([Item(id: id, revision: revision)]) { _, outcome in given = try outcome.revisions() }
        return given
    }

    /// The next items, none of them twice.
    private static func chunk(of items: [Item], from start: Int) -> Range<Int> {
        var seen: Set<Item> = []
        var end = start
        while end < min(items.count, start + chunkSize), seen.insert(items[end]).inserted { end += 1 }
        return start..<end
    }

    private func fetch(
        _ items: [Item], _ chunk: Range<Int>, receive: (Int, RevisionAnswer.Outcome) async throws -> Void
    ) async throws {
        var places: [Item: Int] = [:]
        var documents: [DocumentLeaves] = []
        var documentPlaces: [DocumentID: Int] = [:]
        for index in chunk {
            let item = items[index]
            places[item] = index
            if let place = documentPlaces[item.id] {
                documents[place].revisions.append(item.revision)
            } else {
                documentPlaces[item.id] = documents.count
                documents.append(DocumentLeaves(id: item.id, revisions: [item.revision]))
            }
        }
        var waiting: [Int: RevisionAnswer.Outcome] = [:]
        var next = chunk.lowerBound
        try await replica.revisions(documents) { answer in
            guard let place = places[Item(id: answer.id, revision: answer.revision)] else { return }
            if case .unavailable(let refusal) = answer.outcome { damage.note(refusal) }
            waiting[place] = answer.outcome
            while let outcome = waiting.removeValue(forKey: next) {
                try await receive(next, outcome)
                next += 1
            }
        }
        guard next == chunk.upperBound else {
            throw CouchError(
                .malformedAnswer, "the database did not answer for \(items[next].revision) of “\(items[next].id)”")
        }
    }
}

extension RevisionAnswer.Outcome {
    /// The revisions that the replica gives; none where it does not have the one that was asked for.
    ///
    /// - Throws: ``UnreadableRevision`` where it has it and can't hand it out.
    func revisions() throws(UnreadableRevision) -> [Revision] {
        switch self {
        case .given(let revisions): return revisions
        case .unavailable(let refusal) where refusal.isMissing: return []
        case .unavailable(let refusal): throw UnreadableRevision(refusal)
        }
    }
}
