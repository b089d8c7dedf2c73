import Foundation
import Synchronization

/// Holds `_local` documents in memory, the newest ones only.
///
/// A client whose checkpoint was forgotten begins at the start of the feed again, and finds that it has everything.
package final class MemoryLocalDocuments: LocalDocumentStore {
    private struct Key: Hashable {
        var database: String
        var id: String
    }

    private struct State {
        var documents: [Key: (document: LocalDocument, written: Int)] = [:]
        var writes = 0
    }

    private let limit: Int
    private let state = Mutex(State())

    /// - Parameter limit: the most documents that are kept.
    package init(limit: Int = 1000) { self.limit = max(1, limit) }

    package func localDocument(_ id: String, of database: String) -> LocalDocument? {
        state.withLock { $0.documents[Key(database: database, id: id)]?.document }
    }

    package func putLocalDocument(_ id: String, of database: String, _ document: LocalDocument) {
        state.withLock { state in
            state.writes += 1
            state.documents[Key(database: database, id: id)] = (document, state.writes)
            if state.documents.count > limit,
                let oldest = state.documents.min(by: { $0.value.written < $1.value.written })
            {
                state.documents[oldest.key] = nil
            }
        }
    }

    package func removeLocalDocument(_ id: String, of database: String) -> Bool {
        state.withLock { $0.documents.removeValue(forKey: Key(database: database, id: id)) != nil }
    }
}
