import CouchDB
import Replication
import Synchronization

/// What the source's feed listed during a run: the leaves of each document that has changed.
final class ListedLeaves: Sendable {
    private let state: Mutex<[DocumentID: [RevisionID]]?>
    private let limit: Int

    /// - Parameter limit: how many documents are kept; of more, nothing is.
    init(limit: Int = 100_000) {
        self.limit = limit
        state = Mutex([:])
    }

    /// Takes a row; of several rows of one document the last one counts.
    func note(_ document: DocumentLeaves) {
        state.withLock { state in
            guard state != nil else { return }
            state?[document.id] = document.revisions
            if let count = state?.count, count > limit { state = nil }
        }
    }

    /// All that was listed; nil where that was too much.
    var documents: [DocumentID: [RevisionID]]? { state.withLock { $0 } }
}
