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

    /// A revision that is named, and what the client has of its attachments.
    private struct Named {
        var item: OrderedFetch.Item
        var attachmentsSince: [RevisionID]
    }

    let database: ServedDatabase
    let isLatest: Bool

    private var fetch: OrderedFetch { database.fetch }

    func read(_ items: [BulkGetItem], receive: (Step) async throws -> Void) async throws {
        var run: [Named] = []
        for item in items {
            // Items that name a revision are fetched together with their neighbours.
            if case .revision(let id, let revision, let since) = item {
                run.append(Named(item: OrderedFetch.Item(id: id, revision: revision), attachmentsSince: since))
                continue
            }
            try await read(run, receive: receive)
            run = []
            try await read(item, receive: receive)
        }
        try await read(run, receive: receive)
    }

    private func read(_ run: [Named], receive: (Step) async throws -> Void) async throws {
        try await fetch.run(run.map(\.item)) { index, outcome in
            let asked = run[index].item
            let id = JSONValue.string(asked.id.text)
            try await receive(.begin(id: id))
            var failure = Step.failure(
                id: id, revision: .string(asked.revision.description), error: "not_found", reason: "missing")
            var isFound = false
            switch outcome {
            case .given(let revisions):
                for revision in revisions where isLatest || revision.revision == asked.revision {
                    isFound = true
                    try await receive(.found(revision, attachmentsSince: run[index].attachmentsSince))
                }
            case .unavailable(let refusal): failure = Self.failure(refusal, asked.revision)
            }
            if !isFound { try await receive(failure) }
            try await receive(.end)
        }
    }

    private func read(_ item: BulkGetItem, receive: (Step) async throws -> Void) async throws {
        switch item {
        case .revision: return
        case .leaves(let id, let since):
            try await receive(.begin(id: .string(id.text)))
            let leaves = try await database.replica.leaves(of: id).map(\.revision).sorted()
            var isAnswered = false
            try await fetch.opened(
                leaves.map { OrderedFetch.Item(id: id, revision: $0) }, isLatest: true
            ) { entry in
                switch entry {
                case .missing: return
                case .found(let revision): try await receive(.found(revision, attachmentsSince: since))
                case .unavailable(let refusal, let revision): try await receive(Self.failure(refusal, revision))
                }
                isAnswered = true
            }
            if !isAnswered {
                try await receive(
                    .failure(
                        id: .string(id.text), revision: "undefined", error: "not_found", reason: "missing"))
            }
        case .invalid(let id, let revision, let reason):
            try await receive(.begin(id: id))
            try await receive(.failure(id: id, revision: revision, error: "bad_request", reason: reason))
        }
        try await receive(.end)
    }

    private static func failure(_ refusal: Refusal, _ revision: RevisionID) -> Step {
        .failure(
            id: .string(refusal.id.text), revision: .string(revision.description), error: refusal.error,
            reason: refusal.reason)
    }
}
