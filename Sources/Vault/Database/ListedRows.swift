import CouchDB
import Replication
import Synchronization

/// The rows of documents that the feed of a past moment has just listed, for the reading of their bodies that follows.
///
/// What was a leaf at a moment never changes. Each document is taken once, and where nobody takes any, old ones give way.
final class ListedRows: Sendable {
    private let rows = Mutex<[DocumentID: [LeafRow]]>([:])
    private let limit: Int

    /// - Parameter limit: how many documents are kept: some more than a replication has under way.
    init(limit: Int = 5000) { self.limit = limit }

    func keep(_ documents: [DocumentLeaves], _ listed: [[LeafRow]]) {
        rows.withLock { rows in
            if rows.count + documents.count > limit { rows.removeAll() }
            for (document, leaves) in zip(documents, listed) { rows[document.id] = leaves }
        }
    }

    func take(_ id: DocumentID) -> [LeafRow]? { rows.withLock { $0.removeValue(forKey: id) } }
}
