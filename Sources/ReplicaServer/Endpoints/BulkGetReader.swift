import CouchDB
import Replication

/// Reads what a `_bulk_get` request asks for, item by item in their order.
struct BulkGetReader: Sendable {
    /// What comes next in the answer.
    enum Step: Sendable {
        /// The result of an item begins.
        case begin(id: JSONValue)
        case found(Revision, attachmentsSince: [RevisionID])
        case failure(id: JSONValue, revision: JSONValue, error: String, reason: String)
        /// The result of an item is complete.
        case end
    }

    let database: ServedDatabase
    let isLatest: Bool

    func read(_ items: [BulkGetItem], receive: (Step) async throws -> Void) async throws {
        for start in stride(from: 0, to: items.count, by: OrderedFetch.chunkSize) {
            let end = min(start + OrderedFetch.chunkSize, items.count)
            try await readTogether(Array(items[start..<end]), receive: receive)
        }
    }

    private func readTogether(_ items: [BulkGetItem], receive: (Step) async throws -> Void) async throws {
        let asked = try await revisions(askedBy: items)
        let list = asked.flatMap { $0 }
        var results = BulkGetResults(of: items, counts: asked.map(\.count), isLatest: isLatest)
        try await database.fetch.run(list) { index, outcome in
            try await results.take(outcome, for: list[index], receive: receive)
        }
        try await results.finish(receive: receive)
    }

    /// What is fetched for each item: the revision that it names, or all leaves.
    private func revisions(askedBy items: [BulkGetItem]) async throws -> [[OrderedFetch.Item]] {
        let ids = items.compactMap(\.idOfLeaves)
        let found: [[Leaf]] = try await ids.isEmpty ? [] : database.replica.leaves(ofEach: ids)
        var leaves = found[...]
        var asked: [[OrderedFetch.Item]] = []
        for item in items {
            switch item {
            case .revision(let id, let revision, _): asked.append([OrderedFetch.Item(id: id, revision: revision)])
            case .leaves(let id, _):
                let revisions = (leaves.popFirst() ?? []).map(\.revision).sorted()
                asked.append(revisions.map { OrderedFetch.Item(id: id, revision: $0) })
            case .invalid: asked.append([])
            }
        }
        return asked
    }
}
