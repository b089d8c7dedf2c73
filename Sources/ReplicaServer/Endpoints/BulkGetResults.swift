import CouchDB
import Replication

/// Tells the results of some `_bulk_get` items in their order, while the revisions that they ask for come one by one.
struct BulkGetResults: Sendable {
    private let items: [BulkGetItem]
    /// How many revisions are asked for on behalf of each item.
    private let counts: [Int]
    private let isLatest: Bool
    /// The place of the item whose result comes next, or has begun.
    private var place = 0
    /// For how many of its revisions the replica has answered.
    private var answered = 0
    /// Whether anything was told of it.
    private var isTold = false
    /// What was handed on of it: none of its revisions twice.
    private var seen: Set<RevisionID> = []

    init(of items: [BulkGetItem], counts: [Int], isLatest: Bool) {
        self.items = items
        self.counts = counts
        self.isLatest = isLatest
    }

    /// Takes what the replica answers for the next revision.
    mutating func take(
        _ outcome: RevisionAnswer.Outcome, for asked: OrderedFetch.Item,
        receive: (BulkGetReader.Step) async throws -> Void
    ) async throws {
        try await finish(receive: receive)
        let item = items[place]
        if answered == 0 { try await receive(.begin(id: item.id)) }
        answered += 1
        switch outcome {
        case .given(let revisions):
            for revision in revisions where isLatest || item.idOfLeaves != nil || revision.revision == asked.revision {
                isTold = true
                guard seen.insert(revision.revision).inserted else { continue }
                try await receive(.found(revision, attachmentsSince: item.attachmentsSince))
            }
        case .unavailable(let refusal) where refusal.isMissing: break
        case .unavailable(let refusal):
            isTold = true
            try await receive(
                .failure(
                    id: item.id, revision: .string(asked.revision.description), error: refusal.error,
                    reason: refusal.reason))
        }
        if answered == counts[place] { try await end(item, receive: receive) }
    }

    /// Tells the results of the next items for which nothing is fetched.
    mutating func finish(receive: (BulkGetReader.Step) async throws -> Void) async throws {
        while place < items.count, counts[place] == 0 {
            try await receive(.begin(id: items[place].id))
            try await end(items[place], receive: receive)
        }
    }

    private mutating func end(
        _ item: BulkGetItem, receive: (BulkGetReader.Step) async throws -> Void
    ) async throws {
        if !isTold { try await receive(item.failure) }
        try await receive(.end)
        place += 1
        (answered, isTold, seen) = (0, false, [])
    }
}
