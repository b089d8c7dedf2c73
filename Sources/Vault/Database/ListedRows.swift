import CouchDB
import Replication
import Synchronization

/// The rows of documents that the feed of a past moment has just listed, for the reading of their bodies that follows.
///
/// What was a leaf at a moment never changes. Each document is taken once; where none is, as in a comparison, no more are
/// kept.
final class ListedRows: Sendable {
    private struct State {
        var rows: [DocumentID: [LeafRow]] = [:]
        var hasTaken = false
        var isWanted = true
    }

    private let state = Mutex(State())
    private let limit: Int

    /// - Parameter limit: how many documents are kept: more than a replication has under way between feed and bodies.
    init(limit: Int = 10_000) { self.limit = limit }

    func keep(_ documents: [DocumentLeaves], _ listed: [[LeafRow]]) {
        state.withLock { state in
            if state.rows.count + documents.count > limit {
                state.rows.removeAll()
                (state.isWanted, state.hasTaken) = (state.hasTaken, false)
            }
            guard state.isWanted else { return }
            for (document, leaves) in zip(documents, listed) { state.rows[document.id] = leaves }
        }
    }

    func take(_ id: DocumentID) -> [LeafRow]? {
        state.withLock { state in
            state.hasTaken = true
            return state.rows.removeValue(forKey: id)
        }
    }
}
